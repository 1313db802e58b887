/** Pictures that a request brings: one to start from, and those that a model looks at. */

import { $, make, saying } from "./dom.js";
import { Easel } from "./easel.js";
import * as server from "./server.js";

/** A file as a picture of a request: its text there, and where the page finds it. */
export function fileAsPicture(file) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve({ text: reader.result, url: reader.result });
    reader.onerror = () => reject(new Error(`${file.name} cannot be read`));
    reader.readAsDataURL(file);
  });
}

/** One that the server has. */
export const namedPicture = (name) => ({ text: name, url: server.picture(name) });

/** Work with the files that are chosen, which may be the same again the next time. */
function chosen(input, work) {
  input.onchange = saying(async () => {
    const files = [...input.files];
    input.value = "";
    for (const file of files) {
      await work(await fileAsPicture(file));
    }
  });
}

/** What is started from. */
export class Source {
  /** @param changed when there is one, and when it is gone */
  constructor({ init, init_strength: strength }, changed) {
    Object.assign(this, { changed, picture: null, easel: new Easel() });
    $("source").hidden = !init;
    this.usual = Number(strength ?? $("strength").value);
    this.strengthen(undefined);
    $("strength").oninput = () => this.strengthen(Number($("strength").value));
    $("source-remove").onclick = () => this.set(null);
    chosen($("source-file"), (picture) => this.set(picture));
  }

  /** @param strength that was said, to all its digits, or undefined for the usual one */
  strengthen(strength) {
    this.strength = strength;
    $("strength").value = strength ?? this.usual;
    $("strength-value").textContent = (strength ?? this.usual).toFixed(2);
  }

  /** @param mask where its mask is, or undefined */
  async set(picture, mask) {
    if (picture) {
      await this.easel.show(picture.url, mask);
    }
    this.picture = picture;
    $("source-shown").hidden = !picture;
    $("source-label").hidden = Boolean(picture);
    $("extend").value = "";
    $("paste").checked = true;
    this.changed();
  }

  async fill({ init, strength, mask, extend, paste }) {
    await this.set(init ? namedPicture(init) : null, mask ? server.picture(mask) : undefined);
    this.strengthen(strength);
    $("extend").value = extend ?? "";
    $("paste").checked = paste ?? true;
  }

  /** As a job has it. */
  value() {
    if (!this.picture) {
      return {};
    }
    const extend = $("extend").value.trim() || undefined;
    return {
      init: this.picture.text,
      // of margins nothing is there to start from: unless it was said, the server knows better
      strength: this.strength ?? (extend ? undefined : this.usual),
      mask: this.easel.mask(),
      extend,
      paste: $("paste").checked ? undefined : false,
    };
  }
}

/** What is looked at. */
export class Looked {
  constructor({ references: most }, changed) {
    Object.assign(this, { most, changed, pictures: [] });
    $("looked").hidden = most === 0;
    $("looked-file").multiple = most > 1;
    chosen($("looked-file"), (picture) => this.add(picture));
  }

  add(picture) {
    if (this.pictures.length >= this.most) {
      throw new Error(`this model looks at ${this.most === 1 ? "one picture" : `${this.most} pictures`} at most`);
    }
    this.set([...this.pictures, picture]);
  }

  set(pictures) {
    this.pictures = pictures;
    $("looked-list").replaceChildren(...pictures.map((picture, i) => make("li", {},
      make("img", { src: picture.url, alt: `Picture ${i + 1}` }),
      make("button.plain", {
        type: "button",
        title: "Remove",
        ariaLabel: `Remove picture ${i + 1}`,
        onclick: () => this.set(this.pictures.filter((other) => other !== picture)),
      }, "×"))));
    $("looked-label").hidden = pictures.length >= this.most;
    this.changed();
  }

  /** As a job has it. */
  value() {
    return this.pictures.length ? { references: this.pictures.map((picture) => picture.text) } : {};
  }
}
