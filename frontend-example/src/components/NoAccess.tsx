/** A page that the person may not see: which permission it needs, and which permissions the person has. */
import { ApiError } from "../api/client";
import { useViewer } from "../app/viewer";

/** True if the server refused because of a missing permission. */
export const isForbidden = (error: Error | null): boolean => error instanceof ApiError && error.code === "FORBIDDEN";

export function NoAccess({ what, permission }: { what: string; permission: string }) {
  const { viewer, permissions } = useViewer();
  return (
    <section className="no-access" aria-labelledby="no-access-title">
      <h2 id="no-access-title">You may not read {what}</h2>
      <p className="words">
        It needs the permission <code>{permission}</code>. {viewer ? viewer.name : "You"} may:{" "}
        {permissions.length ? permissions.join(", ") : "nothing"}. Permissions come with the roles of a token; ask those who run
        this server.
      </p>
    </section>
  );
}
