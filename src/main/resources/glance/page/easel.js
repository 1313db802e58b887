/** A picture, and the mask that is painted over it. */

import { $, make } from "./dom.js";

/** A step of the arrow keys, as a part of the brush. */
const STEP = 0.5;

/** A line without length leaves no dot. */
const NUDGE = 0.01;

/** Of the mask's canvas: seen through, and any colour that pictures rarely have. */
const PAINT = "#ff2bd6";

/** An image that is loaded. */
async function loaded(url) {
  const image = make("img", { src: url, alt: "" });
  await image.decode().catch(() => {
    throw new Error("this is no picture that the browser knows; take a PNG, JPEG or WebP");
  });
  return image;
}

export class Easel {
  constructor() {
    this.canvas = $("mask");
    this.pen = this.canvas.getContext("2d", { willReadFrequently: true });
    this.painted = false;
    this.last = null;
    this.cursor = null;
    $("mask-clear").onclick = () => this.clear();
    $("brush").oninput = () => this.ring();
    this.canvas.onpointerdown = (event) => this.down(event);
    this.canvas.onpointermove = (event) => this.move(event);
    this.canvas.onpointerup = () => { this.last = null; };
    this.canvas.onpointercancel = this.canvas.onpointerup;
    this.canvas.onkeydown = (event) => this.key(event);
    this.canvas.onblur = () => { $("ring").hidden = true; };
  }

  /**
   * Shows a picture.
   *
   * @param mask where one with a mask is, or undefined
   */
  async show(url, mask) {
    const image = await loaded(url);
    const white = mask === undefined ? null : await loaded(mask);
    $("source-picture").src = url;
    Object.assign(this.canvas, { width: image.naturalWidth, height: image.naturalHeight });
    $("easel").style.setProperty("--ratio", String(image.naturalWidth / image.naturalHeight));
    this.painted = false;
    this.cursor = { x: image.naturalWidth / 2, y: image.naturalHeight / 2 };
    if (white) {
      this.take(white);
    }
  }

  /** Paints what is white in an image. */
  take(white) {
    const { width, height } = this.canvas;
    this.pen.drawImage(white, 0, 0, width, height);
    const pixels = this.pen.getImageData(0, 0, width, height);
    for (let i = 0; i < pixels.data.length; i += 4) {
      pixels.data[i + 3] = pixels.data[i];
    }
    this.pen.putImageData(pixels, 0, 0);
    this.pen.globalCompositeOperation = "source-in";
    this.pen.fillStyle = PAINT;
    this.pen.fillRect(0, 0, width, height);
    this.painted = true;
  }

  clear() {
    this.pen.clearRect(0, 0, this.canvas.width, this.canvas.height);
    this.painted = false;
  }

  /** The mask as a picture, white on black; undefined where nothing is painted. */
  mask() {
    const { width, height } = this.canvas;
    if (!this.painted || !this.pen.getImageData(0, 0, width, height).data.some((value, i) => i % 4 === 3 && value > 127)) {
      return undefined;
    }
    const sheet = make("canvas", { width, height });
    const pen = sheet.getContext("2d");
    pen.drawImage(this.canvas, 0, 0);
    pen.globalCompositeOperation = "source-in";
    pen.fillStyle = "white";
    pen.fillRect(0, 0, width, height);
    pen.globalCompositeOperation = "destination-over";
    pen.fillStyle = "black";
    pen.fillRect(0, 0, width, height);
    return sheet.toDataURL("image/png");
  }

  /** Pixels of the picture for each of the screen. */
  scale() {
    return this.canvas.width / this.canvas.getBoundingClientRect().width;
  }

  place(event) {
    const box = this.canvas.getBoundingClientRect();
    return { x: (event.clientX - box.left) * this.scale(), y: (event.clientY - box.top) * this.scale() };
  }

  down(event) {
    this.canvas.setPointerCapture(event.pointerId);
    this.last = this.place(event);
    this.stroke(this.last, this.last);
    event.preventDefault();
    this.canvas.focus({ preventScroll: true });
  }

  move(event) {
    this.cursor = this.place(event);
    this.ring();
    if (this.last) {
      this.stroke(this.last, this.cursor);
      this.last = this.cursor;
    }
  }

  /** Arrows move the brush, and paint with Shift; Space paints where it is. */
  key(event) {
    const way = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (!way && event.key !== " ") {
      return;
    }
    event.preventDefault();
    const from = this.cursor;
    const step = STEP * Number($("brush").value) * this.scale();
    const within = (value, most) => Math.min(most, Math.max(0, value));
    this.cursor = {
      x: within(from.x + (way?.[0] ?? 0) * step, this.canvas.width),
      y: within(from.y + (way?.[1] ?? 0) * step, this.canvas.height),
    };
    if (!way || event.shiftKey) {
      this.stroke(from, this.cursor);
    }
    this.ring();
  }

  stroke(from, to) {
    const { pen } = this;
    pen.globalCompositeOperation = $("eraser").checked ? "destination-out" : "source-over";
    pen.strokeStyle = PAINT;
    pen.lineCap = "round";
    pen.lineJoin = "round";
    pen.lineWidth = Number($("brush").value) * this.scale();
    pen.beginPath();
    pen.moveTo(from.x, from.y);
    pen.lineTo(to.x + NUDGE, to.y);
    pen.stroke();
    this.painted = true;
  }

  /** Shows where the brush is, and how large. */
  ring() {
    const size = Number($("brush").value);
    const ring = $("ring");
    ring.hidden = !this.cursor;
    if (this.cursor) {
      ring.style.width = ring.style.height = `${size}px`;
      ring.style.left = `${this.cursor.x / this.scale() - size / 2}px`;
      ring.style.top = `${this.cursor.y / this.scale() - size / 2}px`;
    }
  }
}
