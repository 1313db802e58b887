package glance.api;

/**
 * One picture of a comparison, measured.
 *
 * @param run its name
 * @param prompt index of the prompt
 * @param seed of the start noise
 * @param steps denoising steps
 * @param forwardPasses of the transformer: two for each step with guidance
 * @param seconds of all steps, from the noise to the last latents
 * @param distance from the teacher's picture; null for the teacher itself
 * @param scene what of the scene the picture shows; null if the prompt is no scene
 */
public record Outcome(
        String run,
        int prompt,
        long seed,
        int steps,
        int forwardPasses,
        double seconds,
        Distance distance,
        SceneScore scene) {

    /**
     * How far a picture is from another.
     *
     * @param psnr in decibels, infinite for equal pictures
     * @param ssim that of Wang et al. 2004, 1 for equal pictures
     * @param latentError {@code |x - y| / |y|} of the last latents, with the euclidean norm and y
     *     those of the teacher
     */
    public record Distance(double psnr, double ssim, double latentError) {}
}
