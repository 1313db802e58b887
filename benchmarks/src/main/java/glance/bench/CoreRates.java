package glance.bench;

import glance.roofline.Ceiling;
import java.util.function.IntConsumer;
import java.util.stream.IntStream;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * What the cores could do at best, whatever the engine makes of them: float32 multiply-adds on
 * registers alone, and copies of arrays that no private cache holds. Measured, because a virtual
 * machine tells neither its clock nor its memory.
 */
final class CoreRates {
    private static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;
    private static final int ACCUMULATORS = 10; // latency 4 times 2 units is 8; registers are 32
    private static final int MULTIPLY_ADDS = 20_000_000;
    private static final int COPY_FLOATS = 32 << 20;
    private static final int TRIES = 7;

    private CoreRates() {}

    /** The rates of so many threads together. */
    static Ceiling measure(int threads) {
        double flops = 0;
        double bytes = 0;
        float[][] from = new float[threads][COPY_FLOATS];
        float[][] to = new float[threads][COPY_FLOATS];
        for (int i = 0; i < TRIES; i++) {
            double seconds = seconds(threads, t -> to[t][0] = multiplyAdds(1 + t));
            double flop = 2.0 * MULTIPLY_ADDS * ACCUMULATORS * SPECIES.length() * threads;
            flops = Math.max(flops, flop / seconds);
            seconds = seconds(threads, t -> System.arraycopy(from[t], 0, to[t], 0, COPY_FLOATS));
            bytes = Math.max(bytes, 2.0 * 4 * COPY_FLOATS * threads / seconds);
        }
        return new Ceiling(flops * 1e-12, "registers", bytes * 1e-9, false);
    }

    private static double seconds(int threads, IntConsumer work) {
        long start = System.nanoTime();
        Thread[] others =
                IntStream.range(0, threads)
                        .mapToObj(t -> new Thread(() -> work.accept(t)))
                        .toArray(Thread[]::new);
        for (Thread thread : others) {
            thread.start();
        }
        for (Thread thread : others) {
            try {
                thread.join();
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
        }
        return (System.nanoTime() - start) * 1e-9;
    }

    /** Ten independent chains, each in a register. */
    private static float multiplyAdds(float seed) {
        FloatVector x = FloatVector.broadcast(SPECIES, 0.5f);
        FloatVector y = FloatVector.broadcast(SPECIES, seed);
        FloatVector a = y;
        FloatVector b = y;
        FloatVector c = y;
        FloatVector d = y;
        FloatVector e = y;
        FloatVector f = y;
        FloatVector g = y;
        FloatVector h = y;
        FloatVector i = y;
        FloatVector j = y;
        for (int n = 0; n < MULTIPLY_ADDS; n++) {
            a = a.fma(x, y);
            b = b.fma(x, y);
            c = c.fma(x, y);
            d = d.fma(x, y);
            e = e.fma(x, y);
            f = f.fma(x, y);
            g = g.fma(x, y);
            h = h.fma(x, y);
            i = i.fma(x, y);
            j = j.fma(x, y);
        }
        FloatVector sum = a.add(b).add(c).add(d).add(e).add(f).add(g).add(h).add(i).add(j);
        return sum.lane(0);
    }
}
