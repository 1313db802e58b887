/** Puts the page together. */

import { $ } from "./dom.js";
import { Form } from "./form.js";
import { Gallery } from "./gallery.js";
import { Live } from "./live.js";
import * as server from "./server.js";
import { slide } from "./slider.js";

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
  const facts = await server.withKey(server.facts);
  $("model").textContent = `${facts.model} on ${facts.device.id}`;
  document.title = `${facts.model} – glance`;
  const form = new Form(facts);
  const pairs = new Map(); // id of a job, and what to do with it when it is done

  const draw = async (...requests) => {
    form.say(null);
    try {
      const taken = [];
      for (const request of requests) {
        taken.push(await server.submit(request));
      }
      if (taken.length === 2) {
        compareWhenDone(taken.map((job) => job.id), pairs);
      }
    } catch (refusal) {
      form.say(refusal.message);
    }
  };

  const gallery = new Gallery({
    use: (request) => {
      form.fill(request);
      $("prompt").focus();
    },
    draw,
  });
  const live = new Live((job) => planOf(facts, job));

  server.listen({
    job: (job) => {
      live.job(job);
      gallery.add(job);
      pairs.get(job.id)?.(job);
    },
    preview: (preview) => live.preview(preview),
    connected: (there) => {
      $("connection").textContent = there ? "" : "the server does not answer; trying again";
    },
  });
  (await gallery.older()).filter((job) => ["queued", "running"].includes(job.state)).reverse()
    .forEach((job) => live.job(job));

  $("form").onsubmit = (event) => {
    event.preventDefault();
    draw(...form.requests());
  };
  document.onkeydown = (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      $("form").requestSubmit();
    } else if (event.key === "/" && !/INPUT|TEXTAREA|SELECT/.test(document.activeElement.tagName)) {
      event.preventDefault();
      $("prompt").focus();
    }
  };
  pictures(form);
  $("prompt").focus();
}

/** Two jobs of one seed are shown beside each other once both are done. */
function compareWhenDone(ids, pairs) {
  const done = new Map();
  for (const id of ids) {
    pairs.set(id, (job) => {
      if (job.state === "done") {
        done.set(id, job);
        pairs.delete(id);
        if (done.size === ids.length) {
          slide(...ids.map((key) => [done.get(key), done.get(key).pictures[0]]));
        }
      }
    });
  }
}

function planOf(facts, job) {
  const known = facts.plans.find((plan) => plan.name === job.plan);
  const asked = job.request.plan;
  if (known) {
    return known;
  }
  const phases = Object.entries(asked?.phases ?? {}).map(([name, [first, last]]) => ({ name, first, last }));
  return { steps: job.steps, phases };
}

/** A picture that is dropped or chosen brings its settings back. */
function pictures(form) {
  const take = async (file) => {
    form.say(null);
    try {
      const { request, missing } = await server.settingsOf(file);
      form.fill(request);
      if (missing.length) {
        form.say(`not on this server: ${missing.join(", ")}`);
      }
    } catch (refusal) {
      form.say(refusal.message);
    }
  };
  $("upload").onchange = () => $("upload").files[0] && take($("upload").files[0]);
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
    if (event.dataTransfer.files[0]) {
      take(event.dataTransfer.files[0]);
    }
  };
}

start();
