package glance;

/**
 * How far a run is.
 *
 * @param prompt index of the prompt that is drawn
 * @param step that is done, counted from 1
 * @param steps of this prompt
 * @param phase of the step, such as {@code slow}; null for none
 * @param done steps of all prompts that are done
 * @param total steps of all prompts
 * @param stepSeconds time of this step; 0 if it was not computed but known
 * @param secondsLeft for the steps that are left, at the mean time of a step
 */
public record Progress(
        int prompt,
        int step,
        int steps,
        String phase,
        int done,
        int total,
        double stepSeconds,
        double secondsLeft) {}
