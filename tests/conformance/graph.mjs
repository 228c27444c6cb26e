// Microsoft's client of Graph talks to the simulator: it lists, creates, changes, batches, follows pages and delta links, and
// reads errors. What it found is printed as JSON. Arguments: the root of the simulator, a module directory; on standard input a token.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const [root, modules] = process.argv.slice(2);
const token = readFileSync(0, "utf8").trim();
const require = createRequire(pathToFileURL(modules + "/"));
const { BatchRequestContent, BatchResponseContent, Client, PageIterator } = require("@microsoft/microsoft-graph-client");

const client = Client.init({
  baseUrl: root + "/",
  defaultVersion: "v1.0",
  customHosts: new Set([new URL(root).hostname]),
  authProvider: (done) => done(null, token),
});
const found = {};

// One by one.
const contact = await client.api("/me/contacts").post({ givenName: "Eva", surname: "Muster" });
found.displayName = contact.displayName;
const changed = await client
  .api(`/me/contacts/${contact.id}`)
  .header("If-Match", contact["@odata.etag"])
  .patch({ jobTitle: "Notarin" });
found.jobTitle = changed.jobTitle;
try {
  await client.api(`/me/contacts/${contact.id}`).header("If-Match", contact["@odata.etag"]).patch({ jobTitle: "x" });
} catch (error) {
  found.conflict = [error.statusCode, error.code, typeof error.requestId];
}
const event = await client.api("/me/events").header("Prefer", 'outlook.timezone="Europe/Zurich"').post({
  subject: "Termin",
  start: { dateTime: "2027-03-29T09:00:00", timeZone: "Europe/Zurich" },
  end: { dateTime: "2027-03-29T10:00:00", timeZone: "Europe/Zurich" },
});
found.start = event.start;
const lists = await client.api("/me/todo/lists").get();
const task = await client.api(`/me/todo/lists/${lists.value[0].id}/tasks`).post({
  title: "Frist",
  linkedResources: [{ externalId: "v1/t", applicationName: "Kanzlei" }],
});
found.linked = task.linkedResources[0].externalId;

// A chain of twenty in one batch.
const batch = new BatchRequestContent();
for (let number = 0; number < 20; number++) {
  const request = new Request(root + "/me/contacts", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ givenName: `Nummer ${number}` }),
  });
  batch.addRequest({ id: `${number}`, request, dependsOn: number ? [`${number - 1}`] : [] });
}
const responses = new BatchResponseContent(await client.api("/$batch").post(await batch.getContent()));
found.batched = [...Array(20).keys()].filter((number) => responses.getResponseById(`${number}`).status === 201).length;

// Pages, and then only what changed.
async function all(path) {
  const names = [];
  const first = await client.api(path).header("Prefer", "odata.maxpagesize=5").get();
  const pages = new PageIterator(client, first, (value) => {
    names.push(value["@removed"] ? "removed" : value.givenName);
    return true;
  }, { headers: { Prefer: "odata.maxpagesize=5" } });
  await pages.iterate();
  return [names, pages.getDeltaLink()];
}
found.listed = (await all("/me/contacts?$orderby=givenName"))[0].length;
const [names, link] = await all("/me/contacts/delta?$select=givenName");
found.delta = names.length;
await client.api(`/me/contacts/${contact.id}`).delete();
await client.api("/me/contacts").post({ givenName: "Neu" });
found.changes = (await all(link))[0].sort();

console.log(JSON.stringify(found));
