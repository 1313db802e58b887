/** Puts the page together. */

import { Pairs } from "./compare.js";
import { $, say, saying } from "./dom.js";
import { Form } from "./form.js";
import { Gallery } from "./gallery.js";
import { Live } from "./live.js";
import { shapeOf } from "./phases.js";
import { fileAsPicture, namedPicture } from "./pictures.js";
import * as server from "./server.js";

const THEMES = ["", "dark", "light"];

function theme() {
  const root = document.documentElement;
  root.dataset.theme = localStorage.getItem("theme") ?? "";
  $("theme").onclick = () => {
    root.dataset.theme = THEMES[(THEMES.indexOf(root.dataset.theme) + 1) % THEMES.length];
    localStorage.setItem("theme", root.dataset.theme);
  };
}

async function start() {
  theme();
  const facts = await server.facts();
  $("model").textContent = `${facts.model} on ${facts.device.id}`;
  document.title = `${facts.model} – glance`;
  const form = new Form(facts);
  const pairs = new Pairs();

  const draw = saying(async (...requests) => {
    const ids = [];
    for (const request of requests) {
      ids.push((await server.submit(request)).id);
    }
    if (ids.length === 2) {
      await pairs.add(ids);
    }
  });

  const gallery = new Gallery({
    use: saying(async (request) => {
      await form.fill(request);
      $("prompt").focus();
    }),
    draw,
    edit: facts.init || facts.references > 0 ? saying(async (name) => {
      await form.edit(namedPicture(name));
      $("prompt").focus();
    }) : undefined,
  });
  const live = new Live((job) => planOf(facts, job));
  const hear = (job) => {
    live.job(job);
    gallery.add(job);
    pairs.job(job);
  };

  server.listen({
    job: hear,
    preview: (preview) => live.preview(preview),
    connected: (there) => {
      $("connection").textContent = there ? "" : "the server does not answer; trying again";
      if (there) {
        // what happened meanwhile
        gallery.newest().then((jobs) => jobs.reverse().forEach(hear), (refusal) => say(refusal.message));
      }
    },
  });

  $("form").onsubmit = (event) => {
    event.preventDefault();
    draw(...form.requests());
  };
  keys();
  pictures(form);
  $("prompt").focus();
}

function keys() {
  document.onkeydown = (event) => {
    if (event.repeat || document.querySelector("dialog[open]")) {
      return;
    }
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      $("form").requestSubmit();
    } else if (event.key === "/" && !/INPUT|TEXTAREA|SELECT/.test(document.activeElement.tagName)) {
      event.preventDefault();
      $("prompt").focus();
    }
  };
}

function planOf(facts, job) {
  return facts.plans.find((plan) => plan.name === job.plan)
    ?? { ...shapeOf(job.request.plan), steps: job.steps };
}

/** A picture that is dropped where pictures go is taken there; elsewhere it brings its settings back, if it has any. */
function pictures(form) {
  const settings = async (file) => {
    const { request, missing, left } = await server.settingsOf(file);
    await form.fill(request);
    say([
      missing.length ? `not on this server: ${missing.join(", ")}` : null,
      left.length ? `not taken over: ${left.join(", ")}` : null,
    ].filter(Boolean).join("; "));
  };
  const take = saying(settings);
  $("upload").onchange = () => $("upload").files[0] && take($("upload").files[0]);
  const dropped = saying(async (files, place) => {
    if (place === "source") {
      await form.source.set(await fileAsPicture(files[0]));
    } else if (place === "looked") {
      for (const file of files) {
        await form.looked.add(await fileAsPicture(file));
      }
    } else {
      await settings(files[0]).catch(async (refusal) => {
        if (refusal.status !== 400 || !(form.facts.init || form.facts.references)) {
          throw refusal;
        }
        await form.edit(await fileAsPicture(files[0]));
      });
    }
  });
  document.ondragover = (event) => {
    event.preventDefault();
    document.body.classList.add("dropping");
  };
  document.ondragleave = (event) => {
    if (!event.relatedTarget) {
      document.body.classList.remove("dropping");
    }
  };
  document.ondrop = (event) => {
    event.preventDefault();
    document.body.classList.remove("dropping");
    if (event.dataTransfer.files.length) {
      dropped([...event.dataTransfer.files], event.target.closest("#source, #looked")?.id);
    }
  };
}

start().catch((failure) => say(`the page could not start: ${failure.message}; load it again`));
