package glance.roofline;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/** Measures contenders in turns, so that what changes with time changes all of them alike. */
final class Race {
    private Race() {}

    /**
     * What one contender needed.
     *
     * @param micros round by round
     * @param queueMicros median
     */
    record Result(double[] micros, double queueMicros) {
        /** The share of time more than another, round by round. */
        double[] over(Result other) {
            return IntStream.range(0, micros.length)
                    .mapToDouble(i -> micros[i] / other.micros[i] - 1)
                    .toArray();
        }

        double best() {
            return Spread.of(micros).min();
        }
    }

    static List<Result> run(List<Contender> contenders, int rounds) {
        contenders.forEach(Contender::warmUp);
        Contender.Sample[][] samples = new Contender.Sample[contenders.size()][rounds];
        for (int round = 0; round < rounds; round++) {
            for (int i = 0; i < samples.length; i++) {
                samples[i][round] = contenders.get(i).sample();
            }
        }
        List<Result> results = new ArrayList<>();
        for (Contender.Sample[] mine : samples) {
            double[] micros = new double[rounds];
            double[] queue = new double[rounds];
            for (int round = 0; round < rounds; round++) {
                micros[round] = mine[round].micros();
                queue[round] = mine[round].queueMicros();
            }
            results.add(new Result(micros, Spread.of(queue).median()));
        }
        return results;
    }
}
