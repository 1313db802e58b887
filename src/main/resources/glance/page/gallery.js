/** Finished pictures, their settings, and what can be done with them. */

import { $, make, saying } from "./dom.js";
import * as server from "./server.js";
import { slide } from "./slider.js";

/** More than these are removed again, the oldest first. */
const MOST_CARDS = 300;

/** The settings of a picture as lines. */
function settings(job, picture) {
  const { request } = job;
  const lines = {
    Prompt: request.prompt,
    Negative: request.negative_prompt,
    Plan: `${job.plan}, ${job.steps} steps`,
    Seed: picture.seed,
    Size: `${picture.width} × ${picture.height}`,
    "Looked at": request.references && `${request.references.length} ${request.references.length === 1 ? "picture" : "pictures"}`,
    "Started from": request.init && `a picture, strength ${request.strength ?? "as usual"}${request.mask ? ", under a mask" : ""}${request.extend ? `, larger by ${request.extend}` : ""}`,
    Guidance: request.guidance ?? request.embedded_guidance,
    Adapters: request.lora?.length === 0 ? "none" : request.lora
      ?.map((a) => `${a.file}${a.scale ? `:${a.scale}` : ""}${a.steps ? `@${a.steps}` : ""}`).join(", "),
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
   * @param edit takes a picture to edit, by its name; undefined if the model edits none
   */
  constructor({ use, draw, edit }) {
    Object.assign(this, { use, draw, edit, jobs: new Map(), chosen: null, last: null, most: MOST_CARDS });
    this.forget = saying((id) => this.forgotten(id));
    $("older").onclick = saying(() => this.older());
  }

  /** The newest jobs, which nobody added yet. */
  newest() {
    return this.load();
  }

  async older() {
    (await this.load(this.last)).forEach((job) => this.show(job));
    this.most = Math.max(MOST_CARDS, $("gallery").children.length);
  }

  async load(before) {
    const page = await server.jobs(before);
    this.last = page.data.at(-1)?.id ?? this.last;
    $("older").hidden = !page.has_more;
    $("gallery").ariaBusy = "false";
    return page.data;
  }

  add(job) {
    this.show(job);
    while ($("gallery").children.length > this.most) {
      this.remove($("gallery").lastElementChild.dataset.job);
      this.last = $("gallery").lastElementChild.dataset.job;
      $("older").hidden = false;
    }
  }

  /** Cards that are there stay, so that what has the focus keeps it. */
  show(job) {
    const failed = job.state === "failed";
    if (!failed && job.pictures.length === 0) {
      return;
    }
    this.jobs.set(job.id, job);
    const all = [...$("gallery").children];
    const there = all.filter((item) => item.dataset.job === job.id).map((item) => item.dataset.file);
    const next = all.find((item) => item.dataset.job < job.id) ?? null;
    const put = (file, card) => {
      if (!there.includes(file)) {
        const item = make("li", {}, card());
        Object.assign(item.dataset, { job: job.id, file });
        $("gallery").insertBefore(item, next);
      }
    };
    job.pictures.forEach((picture) => put(picture.file, () => this.card(job, picture)));
    if (failed) {
      put("", () => this.failure(job));
    }
    $("empty").hidden = true;
  }

  card(job, picture) {
    const card = make("button.card",
      { type: "button", onclick: () => this.open(this.jobs.get(job.id), picture, card) },
      make("img", { src: server.picture(picture.file), alt: "", loading: "lazy" }),
      make("small", {}, job.request.prompt));
    return card;
  }

  failure(job) {
    return make("div.card.failed", { title: job.error }, make("span", {}, job.error),
      make("button.plain",
        { type: "button", ariaLabel: `Remove: ${job.request.prompt}`, onclick: () => this.forget(job.id) }, "Remove"));
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
        this.edit ? make("button", { type: "button", onclick: act(() => this.edit(picture.file)) }, "Edit this") : null,
        make("button", { type: "button", onclick: act(() => this.choose({ job, picture, card })) }, "Compare with ..."),
        make("a", { href: server.picture(picture.file), download: picture.file }, make("button", { type: "button" }, "Download")),
        make("button.plain", { type: "button", onclick: act(() => this.forget(job.id)) }, "Delete"),
        make("button.plain", { type: "button", onclick: () => dialog.close() }, "Close")))));
    dialog.onkeydown = (event) => this.walk(event, card);
    dialog.showModal();
  }

  /** Left and right go to the neighbours. */
  walk(event, card) {
    const item = card.parentElement;
    const to = { ArrowLeft: item.previousElementSibling, ArrowRight: item.nextElementSibling }[event.key];
    const neighbour = to?.querySelector("button.card");
    if (neighbour) {
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

  async forgotten(id) {
    await server.forget(id);
    this.remove(id);
  }

  remove(id) {
    this.jobs.delete(id);
    [...$("gallery").children].filter((item) => item.dataset.job === id).forEach((item) => item.remove());
    $("empty").hidden = this.jobs.size > 0;
  }
}
