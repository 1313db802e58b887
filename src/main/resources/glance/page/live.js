/** The picture that is being drawn, and those that wait. */

import { $, make, saying } from "./dom.js";
import { bar, phaseOf } from "./phases.js";
import * as server from "./server.js";

function time(seconds) {
  const whole = Math.ceil(seconds);
  return whole < 90 ? `${whole} s` : `${Math.round(whole / 60)} min`;
}

export class Live {
  /** @param planOf shape of a job's plan */
  constructor(planOf) {
    this.planOf = planOf;
    this.running = null;
    this.waiting = new Map();
    this.cancel = saying((id) => server.cancel(id));
    $("cancel").onclick = () => this.running && this.cancel(this.running.id);
  }

  job(job) {
    const waited = this.waiting.has(job.id);
    if (job.state === "queued") {
      this.waiting.set(job.id, job);
    } else {
      this.waiting.delete(job.id);
    }
    if (waited !== this.waiting.has(job.id)) {
      this.showQueue();
    }
    if (job.state === "running") {
      if (this.running?.id !== job.id) {
        $("stage").replaceChildren();
      }
      this.running = job;
    } else if (this.running?.id === job.id) {
      this.running = null;
    }
    this.show();
  }

  preview({ id, images }) {
    if (this.running?.id === id) {
      $("stage").replaceChildren(...images.map((png) =>
        make("img", { src: `data:image/png;base64,${png}`, alt: "The picture as it looks by now" })));
    }
  }

  show() {
    $("live").hidden = !this.running;
    if (this.running) {
      const { step, steps, stage, seconds_left: left } = this.running;
      const plan = this.planOf(this.running);
      // a picture to start from takes the place of the first steps
      const skipped = steps > 0 ? Math.max(0, plan.steps - steps) : 0;
      const phase = this.running.phase ?? phaseOf(plan, skipped + step);
      $("status").textContent = step === 0
        ? stage ?? "begins"
        : [phase, `step ${step} of ${steps}`, left === undefined ? null : `${time(left)} left`]
          .filter(Boolean).join(" · ");
      $("live-phases").replaceChildren(bar(plan, skipped + step, skipped));
      Object.assign($("live-phases"), { ariaValueNow: step, ariaValueMax: steps });
    }
  }

  /** Made anew only when it changed, so that what has the focus keeps it. */
  showQueue() {
    $("queue").hidden = this.waiting.size === 0;
    $("queue").replaceChildren(make("p.quiet", {}, `${this.waiting.size} in the queue`),
      make("ul", {}, ...[...this.waiting.values()].map((job) => make("li", {},
        make("span", {}, job.request.prompt),
        make("button.plain", { type: "button", ariaLabel: `Cancel: ${job.request.prompt}`, onclick: () => this.cancel(job.id) }, "Cancel")))));
  }
}
