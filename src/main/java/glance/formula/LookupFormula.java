package glance.formula;

import glance.op.Op;

/** Results whose elements are found by their place, not summed up. */
final class LookupFormula {
    private LookupFormula() {}

    /** Row {@code ids[i]} of the table for each i. */
    static Formula embedding(Op.Embedding op, Values of) {
        int dim = op.table().dim(1);
        Elements ids = of.of(op.ids());
        Elements table = of.of(op.table());
        return m -> i -> table.at((long) ids.at(i / dim) * dim + i % dim);
    }

    /** Cosines, then sines of {@code scale t 10000^(-j / (half - freqShift))}. */
    static Formula timesteps(Op.TimestepEmbedding op, Values of) {
        int dim = op.out().dim(1);
        int half = dim / 2;
        Elements t = of.of(op.t());
        return m ->
                i -> {
                    long j = i % dim % half;
                    double exponent =
                            m.of(m.of(-m.of(Math.log(10000)) * j) / (half - op.freqShift()));
                    double frequency = m.of(Math.exp(exponent));
                    double angle = m.of(op.scale() * m.of(t.at(i / dim) * frequency));
                    return m.of(i % dim < half ? Math.cos(angle) : Math.sin(angle));
                };
    }

    /** Each pixel becomes a 2 x 2 square. */
    static Formula upsampled(Op.UpsampleNearest2x op, Values of) {
        int width = op.x().dim(2);
        int channels = op.x().dim(3);
        Elements x = of.of(op.x());
        return m ->
                i -> {
                    long column = i / channels % (2L * width);
                    long row = i / channels / (2L * width); // samples are below each other
                    return x.at((row / 2 * width + column / 2) * channels + i % channels);
                };
    }
}
