/** What the page asks of the server. */

import { $ } from "./dom.js";

/** Previews of a picture while it is drawn. */
const PREVIEWS = 6;

/** Before the page asks again a server that refused or did not answer. */
const PAUSE_MILLIS = 3000;

/** A refusal, in the server's words. */
class Refusal extends Error {
  constructor(status, error) {
    super(error?.message ?? `the server answered ${status}`);
    this.status = status;
  }
}

async function send(method, path, body) {
  const init = { method };
  if (body instanceof Blob) {
    init.body = body;
  } else if (body !== undefined) {
    init.body = JSON.stringify(body);
  }
  const response = await fetch(path, init).catch(() => {
    throw new Error("the server does not answer");
  });
  const json = await response.json().catch(() => ({}));
  if (!response.ok) {
    throw new Refusal(response.status, json.error);
  }
  return json;
}

/** Asks for the key until the server takes it. */
async function ask(...request) {
  for (;;) {
    try {
      return await send(...request);
    } catch (refusal) {
      if (refusal.status !== 401) {
        throw refusal;
      }
      await key();
    }
  }
}

let asking = null;

/** Asks once, however many need it. */
function key() {
  asking ??= askForKey().finally(() => { asking = null; });
  return asking;
}

function askForKey() {
  const dialog = $("key");
  $("key-problem").hidden = true;
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.oncancel = (event) => event.preventDefault();
    dialog.onclose = async () => {
      try {
        await send("POST", "/page/key", { key: $("key-text").value });
        resolve();
      } catch (refusal) {
        $("key-problem").textContent = refusal.status === 401 ? "This is not the key." : refusal.message;
        $("key-problem").hidden = false;
        dialog.showModal();
      }
    };
  });
}

export const facts = () => ask("GET", "/v1/facts");
export const submit = (request) => ask("POST", "/v1/jobs", request);
export const job = (id) => ask("GET", `/v1/jobs/${id}`);
export const cancel = (id) => ask("POST", `/v1/jobs/${id}/cancel`);
export const forget = (id) => ask("DELETE", `/v1/jobs/${id}`);
export const settingsOf = (picture) => ask("POST", "/v1/settings", picture);
export const jobs = (before) => ask("GET", "/v1/jobs?limit=60" + (before ? `&before=${before}` : ""));
export const picture = (file) => `/v1/pictures/${encodeURIComponent(file)}`;

/**
 * Hears of all jobs, without previews while nobody looks. The browser connects again by itself,
 * unless the server refused.
 *
 * @param hear has job(job), preview(preview), connected(boolean)
 */
export function listen(hear) {
  let events = null;
  let later = null;
  const open = () => {
    clearTimeout(later);
    events?.close();
    const mine = new EventSource(`/v1/events?previews=${document.hidden ? 0 : PREVIEWS}`);
    events = mine;
    mine.addEventListener("job", (event) => hear.job(JSON.parse(event.data)));
    mine.addEventListener("preview", (event) => hear.preview(JSON.parse(event.data)));
    mine.onopen = () => hear.connected(true);
    mine.onerror = () => {
      hear.connected(false);
      if (mine.readyState === EventSource.CLOSED) {
        later = setTimeout(() => facts().catch(() => {}).then(() => mine === events && open()), PAUSE_MILLIS);
      }
    };
  };
  document.addEventListener("visibilitychange", open);
  open();
}
