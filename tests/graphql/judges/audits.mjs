// Every audit of graphql-http against the address in the first argument; prints the results as JSON.
import { serverAudits } from "graphql-http";

const audits = serverAudits({ url: process.argv[2], fetchFn: fetch });
const results = [];
for (const { id, name, fn } of audits) {
  const result = await fn();
  results.push({ id, name, status: result.status, reason: result.reason ?? null });
}
process.stdout.write(JSON.stringify(results));
