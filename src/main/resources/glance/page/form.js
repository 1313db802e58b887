/** What to draw: the fields, and the request that they make. */

import { $, make } from "./dom.js";
import { bar } from "./phases.js";

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

/** Steps and phases of a plan as its file has them. */
function shapeOf(plan) {
  const steps = (plan.keep ?? plan.sigmas ?? []).length || plan.of || 1;
  const phases = Object.entries(plan.phases ?? {}).map(([name, [first, last]]) => ({ name, first, last }));
  return { steps, phases };
}

/** Adapters, one a row. */
class AdapterRows {
  constructor(rows, add, names) {
    Object.assign(this, { rows, names });
    add.onclick = () => this.add({ file: names[0] });
  }

  add({ file, scale = "", steps = "" }) {
    const row = make("div.adapter", {},
      make("select", { ariaLabel: "Adapter" },
        ...this.names.map((name) => make("option", { value: name, selected: name === file }, name))),
      make("input", { value: scale, placeholder: "1", title: "Strength: 0.8, 0.2..1 or 1/0.8/0.5", ariaLabel: "Strength" }),
      make("input", { value: steps, placeholder: "all steps", title: "Steps: 1-5, slow, 0%-25%", ariaLabel: "Steps" }),
      make("button.plain", { type: "button", title: "Remove", onclick: () => row.remove() }, "×"));
    this.rows.append(row);
  }

  set(adapters) {
    this.rows.replaceChildren();
    (adapters ?? []).forEach((adapter) => this.add(adapter));
  }

  value() {
    return [...this.rows.children].map((row) => {
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
  }
}

export class Form {
  /** @param facts what the server says of its model */
  constructor(facts) {
    this.facts = facts;
    const changed = () => $("phases").replaceChildren(bar(this.plan.shape()));
    this.plan = new PlanField($("plan"), $("steps"), $("steps-label"), facts.plans, () => this.plan && changed());
    this.secondPlan = new PlanField($("second-plan"), $("second-steps"), $("second-steps-label"), facts.plans, () => {});
    this.adapters = new AdapterRows($("adapter-rows"), $("add-adapter"), facts.adapters);
    this.secondAdapters = new AdapterRows($("second-rows"), $("second-add"), facts.adapters);
    $("adapters").hidden = facts.adapters.length === 0;
    $("second-add").hidden = facts.adapters.length === 0;
    [$("width").value, $("height").value] = facts.size.split("x");
    $("guidance").value = facts.embedded_guidance ?? facts.guidance;
    $("negative").value = facts.negative_prompt.trim();
    this.plan.set(facts.plan.name);
    const full = facts.plans.find((plan) => plan.name === "full") ?? facts.plan;
    this.secondPlan.set(full.name);
    $("chance").onclick = () => { $("seed").value = ""; };
    $("compare").onchange = () => { $("second").hidden = !$("compare").checked; };
  }

  /** The requests of the fields: one, or two to compare. */
  requests() {
    const request = {
      prompt: $("prompt").value,
      size: `${$("width").value}x${$("height").value}`,
      n: Number($("count").value),
      plan: this.plan.value(),
    };
    if ($("negative").value.trim() !== this.facts.negative_prompt.trim()) {
      request.negative_prompt = $("negative").value;
    }
    const guidance = $("guidance").value;
    if (guidance !== "") {
      request[this.facts.embedded_guidance === null ? "guidance" : "embedded_guidance"] = Number(guidance);
    }
    // a seed may be larger than a number of JavaScript; as a text all its digits arrive
    const seed = $("seed").value.trim();
    if (seed) {
      request.seed = seed;
    }
    const adapters = this.adapters.value();
    if (adapters.length) {
      request.lora = adapters;
    }
    if (!$("compare").checked) {
      return [request];
    }
    request.seed ??= String(Math.floor(Math.random() * 2 ** 31));
    request.n = 1;
    const second = { ...request, plan: this.secondPlan.value() };
    const others = this.secondAdapters.value();
    delete second.lora;
    if (others.length) {
      second.lora = others;
    }
    return [request, second];
  }

  /** Fills the fields with a request. */
  fill(request) {
    $("prompt").value = request.prompt ?? "";
    $("negative").value = request.negative_prompt ?? this.facts.negative_prompt.trim();
    $("seed").value = request.seed ?? "";
    $("count").value = request.n ?? 1;
    [$("width").value, $("height").value] = (request.size ?? this.facts.size).split("x");
    const usual = this.facts.embedded_guidance ?? this.facts.guidance;
    $("guidance").value = (this.facts.embedded_guidance === null ? request.guidance : request.embedded_guidance) ?? usual;
    this.plan.set(request.plan ?? this.facts.plan.name);
    this.adapters.set(request.lora);
  }

  say(problem) {
    $("problem").textContent = problem ?? "";
    $("problem").hidden = !problem;
  }
}
