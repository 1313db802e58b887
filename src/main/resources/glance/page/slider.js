/** Two pictures over each other, with a line between them that moves. */

import { $, make } from "./dom.js";
import * as server from "./server.js";

function caption(job, picture) {
  const adapters = (job.request.lora ?? []).map((a) => a.file.replace(/\.safetensors$/, "")).join(" + ");
  return `${job.plan}${adapters ? ` with ${adapters}` : ""} · seed ${picture.seed} · ${job.seconds?.toFixed(1)} s`;
}

/**
 * Shows them.
 *
 * @param left [job, picture]
 * @param right [job, picture]
 */
export function slide(left, right) {
  const first = make("img", { src: server.picture(left[1].file), alt: caption(...left) });
  const second = make("img", { src: server.picture(right[1].file), alt: caption(...right) });
  const line = make("div.line");
  const range = make("input", { type: "range", min: 0, max: 100, value: 50, step: 0.5, ariaLabel: "Where the line is" });
  const move = () => {
    second.style.clipPath = `inset(0 0 0 ${range.value}%)`;
    line.style.left = `${range.value}%`;
  };
  const box = make("div.slide", {}, first, second, line);
  box.style.aspectRatio = `${left[1].width} / ${left[1].height}`;
  box.onpointermove = (event) => {
    if (event.buttons || event.pointerType === "mouse") {
      const { left: x, width } = box.getBoundingClientRect();
      range.value = String(((event.clientX - x) / width) * 100);
      move();
    }
  };
  range.oninput = move;
  move();
  const dialog = $("slider");
  dialog.replaceChildren(
    make("div.captions.quiet", {}, make("span", {}, caption(...left)), make("span", {}, caption(...right))),
    box, range,
    make("div.buttons", {}, make("button.plain", { type: "button", onclick: () => dialog.close() }, "Close")));
  dialog.showModal();
  range.focus();
}
