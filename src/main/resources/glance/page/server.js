/** What the page asks of the server. */

import { $ } from "./dom.js";

/** A refusal, in the server's words. */
export class Refusal extends Error {
  constructor(status, error) {
    super(error?.message ?? `the server answered ${status}`);
    this.status = status;
  }
}

async function ask(method, path, body) {
  const init = { method };
  if (body instanceof Blob) {
    init.body = body;
  } else if (body !== undefined) {
    init.body = JSON.stringify(body);
  }
  const response = await fetch(path, init);
  const json = await response.json().catch(() => ({}));
  if (!response.ok) {
    throw new Refusal(response.status, json.error);
  }
  return json;
}

export const facts = () => ask("GET", "/v1/facts");
export const submit = (request) => ask("POST", "/v1/jobs", request);
export const cancel = (id) => ask("POST", `/v1/jobs/${id}/cancel`);
export const forget = (id) => ask("DELETE", `/v1/jobs/${id}`);
export const settingsOf = (picture) => ask("POST", "/v1/settings", picture);
export const jobs = (before) => ask("GET", "/v1/jobs?limit=60" + (before ? `&before=${before}` : ""));
export const picture = (file) => `/v1/pictures/${encodeURIComponent(file)}`;

/** Asks for the key until the server takes it. */
export async function withKey(work) {
  for (;;) {
    try {
      return await work();
    } catch (refusal) {
      if (refusal.status !== 401) {
        throw refusal;
      }
      await askForKey();
    }
  }
}

function askForKey() {
  const dialog = $("key");
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.oncancel = (event) => event.preventDefault();
    dialog.onclose = async () => {
      try {
        await ask("POST", "/page/key", { key: $("key-text").value });
        $("key-problem").hidden = true;
        resolve();
      } catch {
        $("key-problem").hidden = false;
        dialog.showModal();
      }
    };
  });
}

/**
 * Hears of all jobs. The browser connects again by itself.
 *
 * @param hear has job(job), preview(preview), connected(boolean)
 */
export function listen(hear) {
  const events = new EventSource("/v1/events?previews=all");
  events.addEventListener("job", (event) => hear.job(JSON.parse(event.data)));
  events.addEventListener("preview", (event) => hear.preview(JSON.parse(event.data)));
  events.onopen = () => hear.connected(true);
  events.onerror = () => hear.connected(false);
}
