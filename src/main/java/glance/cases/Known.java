package glance.cases;

import glance.formula.Elements;
import java.util.stream.LongStream;

/** Elements that are all found when the first is asked for, and quick to read from then on. */
final class Known implements Elements {
    private final long count;
    private final Elements elements;
    private volatile double[] all;

    Known(long count, Elements elements) {
        this.count = count;
        this.elements = elements;
    }

    @Override
    public double at(long i) {
        double[] known = all;
        return known == null ? find()[(int) i] : known[(int) i];
    }

    private synchronized double[] find() {
        if (all == null) {
            all = LongStream.range(0, count).mapToDouble(elements::at).toArray();
        }
        return all;
    }
}
