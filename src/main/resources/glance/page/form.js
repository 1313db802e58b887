/** What to draw: the fields, and the request that they make. */

import { $, make } from "./dom.js";
import { bar, shapeOf } from "./phases.js";
import { Looked, Source, namedPicture } from "./pictures.js";

const UNIFORM = "uniform";

/** A plan that is chosen from a list, or a number of steps of the model's own grid. */
class PlanField {
  constructor(select, steps, label, plans, changed) {
    Object.assign(this, { select, steps, label, plans, other: null });
    const options = plans.map((plan) =>
      make("option", { value: plan.name }, `${plan.name} (${plan.steps} steps)`));
    select.replaceChildren(...options, make("option", { value: UNIFORM }, "any number of steps"));
    const update = () => {
      label.hidden = select.value !== UNIFORM;
      steps.disabled = label.hidden; // else a wrong number that nobody sees would block the form
      changed();
    };
    select.onchange = update;
    steps.oninput = update;
    this.update = update;
  }

  /** As a job has it. */
  value() {
    if (this.other && this.select.value === this.other.name) {
      return this.other;
    }
    return this.select.value === UNIFORM ? `uniform-${this.steps.value}` : this.select.value;
  }

  /** As the bar has it. */
  shape() {
    const known = this.plans.find((plan) => plan.name === this.select.value);
    if (known) {
      return known;
    }
    if (this.other && this.select.value === this.other.name) {
      return shapeOf(this.other);
    }
    return { steps: Math.min(1000, Math.max(1, Number(this.steps.value) || 1)), phases: [] };
  }

  set(plan) {
    const name = typeof plan === "object" ? plan.name : String(plan);
    const uniform = /^(?:uniform-)?(\d+)$/.exec(name);
    if (this.plans.some((known) => known.name === name)) {
      this.select.value = name;
    } else if (uniform) {
      this.select.value = UNIFORM;
      this.steps.value = uniform[1];
    } else if (typeof plan === "object") {
      this.other = plan;
      this.select.querySelector("[data-other]")?.remove();
      this.select.append(make("option", { value: name }, `${name} (of the picture)`));
      this.select.lastChild.dataset.other = "";
      this.select.value = name;
    }
    this.update();
  }
}

/** Adapters, one a row. Without any the model's own are used, unless "none" is ticked. */
class AdapterRows {
  constructor({ rows, add, none }, { adapters, plans }) {
    Object.assign(this, { rows, none, names: adapters });
    none.parentElement.hidden = !plans.some((plan) => plan.own_adapters);
    add.hidden = adapters.length === 0;
    add.onclick = () => this.add({ file: adapters[0] });
  }

  add({ file, scale = "", steps = "" }) {
    const row = make("div.adapter", {},
      make("select", { ariaLabel: "Adapter" },
        ...this.names.map((name) => make("option", { value: name, selected: name === file }, name))),
      make("input", { value: scale, placeholder: "1", title: "Strength: 0.8, 0.2..1 or 1/0.8/0.5", ariaLabel: "Strength" }),
      make("input", { value: steps, placeholder: "all steps", title: "Steps: 1-5, slow, 0%-25%", ariaLabel: "Steps" }),
      make("button.plain", { type: "button", title: "Remove", ariaLabel: "Remove the adapter", onclick: () => row.remove() }, "×"));
    this.rows.append(row);
  }

  set(adapters) {
    this.rows.replaceChildren();
    (adapters ?? []).forEach((adapter) => this.add(adapter));
    this.none.checked = adapters?.length === 0;
  }

  /** As a job has it; undefined for the model's own. */
  value() {
    const adapters = [...this.rows.children].map((row) => {
      const [file, scale, steps] = row.querySelectorAll("select, input");
      const adapter = { file: file.value };
      if (scale.value.trim()) {
        adapter.scale = scale.value.trim();
      }
      if (steps.value.trim()) {
        adapter.steps = steps.value.trim();
      }
      return adapter;
    });
    return adapters.length || this.none.checked ? adapters : undefined;
  }
}

export class Form {
  /** @param facts what the server says of its model */
  constructor(facts) {
    this.facts = facts;
    this.embeds = facts.embedded_guidance !== null;
    this.plan = new PlanField($("plan"), $("steps"), $("steps-label"), facts.plans, () => this.planned());
    this.secondPlan = new PlanField($("second-plan"), $("second-steps"), $("second-steps-label"), facts.plans, () => {});
    this.adapters = new AdapterRows(
      { rows: $("adapter-rows"), add: $("add-adapter"), none: $("none") }, facts);
    this.secondAdapters = new AdapterRows(
      { rows: $("second-rows"), add: $("second-add"), none: $("second-none") }, facts);
    this.looked = new Looked(facts, () => this.sized());
    this.source = new Source(facts, () => this.sized());
    $("adapters").hidden = $("add-adapter").hidden && $("none").parentElement.hidden;
    [$("width").value, $("height").value] = facts.size.split("x");
    $("negative").value = facts.negative_prompt.trim();
    this.plan.set(facts.plan.name);
    const full = facts.plans.find((plan) => plan.name === "full") ?? facts.plan;
    this.secondPlan.set(full.name);
    $("chance").onclick = () => { $("seed").value = ""; };
    $("compare").onchange = () => this.compared();
    this.compared(); // browsers tick it again when a page is loaded again
  }

  compared() {
    $("second").hidden = !$("compare").checked;
    $("second").disabled = $("second").hidden;
  }

  /** Shows the plan's steps, and the guidance that it advises. */
  planned() {
    const shape = this.plan.shape();
    const key = this.embeds ? "embedded_guidance" : "guidance";
    $("phases").replaceChildren(bar(shape));
    $("guidance").placeholder = shape[key] ?? this.facts[key];
  }

  /** Whether there is a picture, which has a size of its own. */
  brought() {
    return Boolean(this.source?.picture) || this.looked.pictures.length > 0;
  }

  /** Without a size a picture keeps its own; without a picture there is the model's. */
  sized() {
    const brought = this.brought();
    const fields = [$("width"), $("height")];
    const usual = this.facts.size.split("x");
    const untouched = fields.every((field, i) => field.value === "" || field.value === usual[i]);
    fields.forEach((field, i) => {
      field.placeholder = brought ? "own" : "";
      field.required = !brought;
      if (untouched) {
        field.value = brought ? "" : usual[i];
      }
    });
  }

  /** Takes a picture to edit, in the way of the model. */
  async edit(picture) {
    if (this.facts.references > 0) {
      await this.looked.add(picture);
    } else if (this.facts.init) {
      await this.source.set(picture);
    } else {
      throw new Error("this model draws from words alone");
    }
  }

  /** The requests of the fields: one, or two to compare. */
  requests() {
    const request = {
      prompt: $("prompt").value,
      ...this.looked.value(),
      ...this.source.value(),
      n: Number($("count").value),
      plan: this.plan.value(),
    };
    if ($("width").value && $("height").value) {
      request.size = `${$("width").value}x${$("height").value}`;
    }
    if ($("negative").value.trim() !== this.facts.negative_prompt.trim()) {
      request.negative_prompt = $("negative").value;
    }
    const guidance = $("guidance").value;
    if (guidance !== "") {
      request[this.embeds ? "embedded_guidance" : "guidance"] = Number(guidance);
    }
    // a seed may be larger than a number of JavaScript; as a text all its digits arrive
    const seed = $("seed").value.trim();
    if (seed) {
      request.seed = seed;
    }
    request.lora = this.adapters.value();
    if (!$("compare").checked) {
      return [request];
    }
    request.seed ??= String(Math.floor(Math.random() * 2 ** 31));
    request.n = 1;
    const second = { ...request, plan: this.secondPlan.value(), lora: this.secondAdapters.value() };
    return [request, second];
  }

  /** Fills the fields with a request, whose pictures the server has. */
  async fill(request) {
    $("prompt").value = request.prompt ?? "";
    $("negative").value = request.negative_prompt ?? this.facts.negative_prompt.trim();
    $("seed").value = request.seed ?? "";
    $("count").value = request.n ?? 1;
    $("guidance").value = (this.embeds ? request.embedded_guidance : request.guidance) ?? "";
    this.plan.set(request.plan ?? this.facts.plan.name);
    this.adapters.set(request.lora);
    this.looked.set((request.references ?? []).map(namedPicture));
    await this.source.fill(request);
    const size = request.size ?? (this.brought() ? "x" : this.facts.size);
    [$("width").value, $("height").value] = size.split("x");
  }
}
