package glance.cases;

import java.util.Collections;
import java.util.Set;
import java.util.TreeSet;

/** What takes part in a case, in the order of its enum. */
final class Parts {
    private Parts() {}

    @SafeVarargs
    static <P extends Enum<P>> Set<P> of(P... parts) {
        Set<P> set = new TreeSet<>();
        Collections.addAll(set, parts);
        return set;
    }
}
