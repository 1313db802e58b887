package glance.formula;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongFunction;

/** What several elements of a result need, such as sums over a row: each is computed once. */
final class Shared<T> {
    private final Map<Long, T> known = new ConcurrentHashMap<>();
    private final LongFunction<T> compute;

    Shared(LongFunction<T> compute) {
        this.compute = compute;
    }

    T at(long key) {
        return known.computeIfAbsent(key, compute::apply);
    }
}
