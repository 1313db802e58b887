package glance.model.flux2;

import glance.schedule.Mu;

/**
 * The shift that was fitted for FLUX.2: a line over the image tokens for 10 steps and one for 200,
 * and between and beyond them a line over the steps. Above 4300 tokens the line for 200 steps
 * serves all. Equals compute_empirical_mu of the FLUX.2 pipelines of diffusers.
 */
public final class Flux2Mu implements Mu {
    private static final int FEW = 10;
    private static final int MANY = 200;
    private static final int LARGE = 4300;

    private static final Mu AT_FEW = (tokens, steps) -> 8.73809524e-05 * tokens + 1.89833333;
    private static final Mu AT_MANY = (tokens, steps) -> 0.00016927 * tokens + 0.45666666;

    @Override
    public double at(int imageSeqLen, int steps) {
        double many = AT_MANY.at(imageSeqLen, steps);
        if (imageSeqLen > LARGE) {
            return many;
        }
        double slope = (many - AT_FEW.at(imageSeqLen, steps)) / (MANY - FEW);
        return slope * steps + (many - MANY * slope);
    }
}
