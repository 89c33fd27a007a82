/** The pages, by the pattern of their address; each is loaded when somebody goes there. */
import { lazy, type ComponentType } from "react";
import { load } from "../api/chunks";
import { patterns } from "./addresses";

type Loaded = { default: ComponentType };

const page = (part: () => Promise<Loaded>) => lazy(() => load(part, true));

export const PAGES: readonly (readonly [string, ComponentType])[] = [
  [patterns.home, page(() => import("../pages/home/Home"))],
  [patterns.inbox, page(() => import("../pages/inbox/Inbox"))],
  [patterns.processes, page(() => import("../pages/processes/Processes"))],
  [patterns.process, page(() => import("../pages/process/Process"))],
  [patterns.startList, page(() => import("../pages/start/StartList"))],
  [patterns.startForm, page(() => import("../pages/start/StartForm"))],
  [patterns.subscriptions, page(() => import("../pages/subscriptions/Subscriptions"))],
  [patterns.subscription, page(() => import("../pages/subscriptions/Subscription"))],
  [patterns.audit, page(() => import("../pages/audit/Audit"))],
  [patterns.notifications, page(() => import("../pages/notifications/Notifications"))],
  [patterns.services, page(() => import("../pages/services/Services"))],
];
