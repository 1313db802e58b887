package glance.cli.common;

import glance.io.PublishedLayouts;
import java.util.Iterator;

/** The models whose configs are in this build, as values of an option. */
public final class Published implements Iterable<String> {
    @Override
    public Iterator<String> iterator() {
        return PublishedLayouts.names().iterator();
    }
}
