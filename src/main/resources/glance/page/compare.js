/** Pairs of jobs that are shown beside each other once both are done. */

import * as server from "./server.js";
import { slide } from "./slider.js";

export class Pairs {
  constructor() {
    this.pairs = new Map(); // id of a job, and its pair: ids and jobs that are done
  }

  async add(ids) {
    const pair = new Map(ids.map((id) => [id, null]));
    ids.forEach((id) => this.pairs.set(id, pair));
    // one may be over before this
    (await Promise.all(ids.map(server.job))).forEach((job) => this.job(job));
  }

  job(job) {
    const pair = this.pairs.get(job.id);
    if (!pair || ["queued", "running"].includes(job.state)) {
      return;
    }
    pair.set(job.id, job);
    const jobs = [...pair.values()];
    const failed = job.state !== "done";
    if (failed || jobs.every(Boolean)) {
      [...pair.keys()].forEach((id) => this.pairs.delete(id));
    }
    if (!failed && jobs.every(Boolean)) {
      slide(...jobs.map((one) => [one, one.pictures[0]]));
    }
  }
}
