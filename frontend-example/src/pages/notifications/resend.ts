import { demandAccepted } from "../../api/accepted";
import { run } from "../../api/client";
import { RESEND_NOTIFICATION } from "../../operations/notifications";

/** Send it again with the same id, so that its receiver can recognize it; throws the refusal. */
export async function resend(id: string): Promise<void> {
  demandAccepted((await run(RESEND_NOTIFICATION, { id }, "mutation")).resendNotification);
}
