/** The steps of a plan as a bar, each in the colour of its phase. */

import { make } from "./dom.js";

/** More steps than this leave no room for gaps between them. */
const MANY = 60;

/** What a plan's steps are: names of phases, "" for none. */
function phaseOfEach(plan) {
  const phases = Array(plan.steps).fill("");
  for (const { name, first, last } of plan.phases ?? []) {
    phases.fill(name, first - 1, last);
  }
  return phases;
}

/**
 * Draws the bar.
 *
 * @param plan {steps, phases}
 * @param done steps that are done, with those that are left out
 * @param skipped the first ones, which are left out
 */
export function bar(plan, done = 0, skipped = 0) {
  const phases = phaseOfEach(plan);
  const cells = phases.map((phase, i) => {
    const cell = make("i", { title: `step ${i + 1}${phase ? `, ${phase}` : ""}` });
    cell.classList.toggle("done", i >= skipped && i < done);
    cell.classList.toggle("skipped", i < skipped);
    if (phase) {
      cell.classList.add(phase);
    }
    return cell;
  });
  const names = [...new Set(phases)];
  const legend = names.map((name) => {
    const count = phases.filter((phase) => phase === name).length;
    const mark = make("b");
    if (name) {
      mark.classList.add(name);
    }
    return make("span", {}, mark, `${count} ${name || (names.length > 1 ? "other" : "steps")}`);
  });
  return make("div", {}, make(phases.length > MANY ? "div.bar.many" : "div.bar", {}, ...cells), make("div.legend", {}, ...legend));
}

/** The name of the phase of a step, counted from 1. */
export const phaseOf = (plan, step) => phaseOfEach(plan)[step - 1] ?? "";

/** Steps and phases of a plan as its file has them. */
export function shapeOf(plan) {
  const steps = (plan?.keep ?? plan?.sigmas ?? []).length || plan?.of || 1;
  const phases = Object.entries(plan?.phases ?? {}).map(([name, [first, last]]) => ({ name, first, last }));
  return { ...plan, steps, phases };
}
