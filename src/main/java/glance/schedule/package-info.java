/**
 * When the denoiser is asked, and for what: noise levels ({@link
 * glance.schedule.FlowMatchSchedule}), the plan of a run as data ({@link glance.api.Plan}, {@link
 * glance.schedule.PhasePlan}), and the start noise of a seed ({@link glance.schedule.SeededNoise}).
 * Host numbers only; knows no tensor, no model and no adapter file.
 *
 * <p>Not API: may change in any release.
 */
package glance.schedule;
