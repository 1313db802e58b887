/** Finished pictures, their settings, and what can be done with them. */

import { $, make } from "./dom.js";
import * as server from "./server.js";
import { slide } from "./slider.js";

/** The settings of a picture as lines. */
function settings(job, picture) {
  const { request } = job;
  const lines = {
    Prompt: request.prompt,
    Negative: request.negative_prompt,
    Plan: `${job.plan}, ${job.steps} steps`,
    Seed: picture.seed,
    Size: `${picture.width} × ${picture.height}`,
    Guidance: request.guidance ?? request.embedded_guidance,
    Adapters: (request.lora ?? [])
      .map((a) => `${a.file}${a.scale ? `:${a.scale}` : ""}${a.steps ? `@${a.steps}` : ""}`).join(", "),
    Seconds: job.seconds?.toFixed(1),
    Notes: job.warnings.join("; "),
  };
  return make("dl", {}, ...Object.entries(lines).filter(([, value]) => value !== undefined && value !== "")
    .flatMap(([name, value]) => [make("dt", {}, name), make("dd", {}, String(value))]));
}

export class Gallery {
  /**
   * @param use fills the form with a request
   * @param draw draws a request
   */
  constructor({ use, draw }) {
    Object.assign(this, { use, draw, jobs: new Map(), chosen: null });
    $("older").onclick = () => this.older();
  }

  async older() {
    const last = [...this.jobs.keys()].sort()[0];
    const page = await server.jobs(last);
    $("older").hidden = !page.has_more;
    page.data.forEach((job) => this.add(job));
    return page.data;
  }

  add(job) {
    if (!["done", "failed"].includes(job.state) && job.pictures.length === 0) {
      return;
    }
    this.jobs.get(job.id)?.forEach((card) => card.remove());
    const cards = job.state === "failed" ? [this.failure(job)] : job.pictures.map((p) => this.card(job, p));
    this.jobs.set(job.id, cards);
    const next = [...this.jobs.keys()].filter((id) => id < job.id).sort().at(-1);
    const before = next ? this.jobs.get(next)[0] : null;
    cards.forEach((card) => $("gallery").insertBefore(card, before ?? null));
    $("empty").hidden = true;
  }

  card(job, picture) {
    const card = make("button.card", { type: "button", onclick: () => this.open(job, picture, card) },
      make("img", { src: server.picture(picture.file), alt: job.request.prompt, loading: "lazy" }),
      make("small", {}, job.request.prompt));
    card.setAttribute("role", "listitem");
    return card;
  }

  failure(job) {
    const card = make("div.card.failed", { title: job.error }, make("span", {}, job.error),
      make("button.plain", { type: "button", onclick: () => this.forget(job) }, "Remove"));
    card.setAttribute("role", "listitem");
    return card;
  }

  open(job, picture, card) {
    if (this.chosen && this.chosen.picture.file !== picture.file) {
      const first = this.chosen;
      this.choose(null);
      slide([first.job, first.picture], [job, picture]);
      return;
    }
    this.choose(null);
    const dialog = $("detail");
    const act = (work) => () => {
      dialog.close();
      work();
    };
    const request = { ...job.request, seed: picture.seed, n: 1 };
    dialog.replaceChildren(make("div.shown", {},
      make("img", { src: server.picture(picture.file), alt: job.request.prompt }),
      make("div", {}, settings(job, picture), make("div.buttons", {},
        make("button", { type: "button", onclick: act(() => this.draw(request)) }, "Again"),
        make("button", { type: "button", onclick: act(() => this.draw({ ...request, seed: undefined })) }, "Vary the seed"),
        make("button", { type: "button", onclick: act(() => this.use(request)) }, "Use settings"),
        make("button", { type: "button", onclick: act(() => this.choose({ job, picture, card })) }, "Compare with ..."),
        make("a", { href: server.picture(picture.file), download: picture.file }, make("button", { type: "button" }, "Download")),
        make("button.plain", { type: "button", onclick: act(() => this.forget(job)) }, "Delete"),
        make("button.plain", { type: "button", onclick: () => dialog.close() }, "Close")))));
    dialog.onkeydown = (event) => this.walk(event, card);
    dialog.showModal();
  }

  /** Left and right go to the neighbours. */
  walk(event, card) {
    const neighbour = { ArrowLeft: card.previousElementSibling, ArrowRight: card.nextElementSibling }[event.key];
    if (neighbour?.matches("button")) {
      event.preventDefault();
      $("detail").close();
      neighbour.click();
    }
  }

  choose(choice) {
    this.chosen?.card.classList.remove("chosen");
    this.chosen = choice;
    choice?.card.classList.add("chosen");
  }

  async forget(job) {
    await server.forget(job.id);
    this.jobs.get(job.id)?.forEach((card) => card.remove());
    this.jobs.delete(job.id);
    $("empty").hidden = this.jobs.size > 0;
  }
}
