package glance.io;

import glance.api.FormatException;
import java.util.List;
import java.util.function.Function;
import java.util.stream.IntStream;

/**
 * The names that another program gives to the tensors of a model, used both ways: to read its files
 * and to write them.
 */
public final class NameTable {
    private final String author;
    private final List<String> prefixes;
    private final String mark;
    private final Function<Modules, List<NameLine>> lines;

    /** What a file or a model has, in whichever names. */
    @FunctionalInterface
    public interface Modules {
        /** Whether there is a module of this name. */
        boolean has(String module);

        /**
         * How many blocks there are; {@code %d} stands for the number of the block.
         *
         * @param theirs a module that each block has, in their names
         * @param ours the same in ours
         */
        default int count(String theirs, String ours) {
            int count = 0;
            while (has(theirs.formatted(count)) || has(ours.formatted(count))) {
                count++;
            }
            return count;
        }

        /**
         * The lines of a list of blocks, as many as there are.
         *
         * @param theirs what stands before their names in a block; {@code %d} stands for its number
         * @param ours the same for our names
         * @param lines those of one block
         * @param mark their name of a module in {@code lines} that every block has
         */
        default List<NameLine> blocks(
                String theirs, String ours, List<NameLine> lines, String mark) {
            NameLine marked =
                    lines.stream().filter(l -> l.theirs().equals(mark)).findFirst().orElseThrow();
            int count = count(theirs + mark, ours + marked.ours().get(0));
            return IntStream.range(0, count)
                    .mapToObj(i -> NameLine.in(theirs.formatted(i), ours.formatted(i), lines))
                    .flatMap(List::stream)
                    .toList();
        }
    }

    /**
     * A table.
     *
     * @param author whose names these are, in words
     * @param prefixes what may stand before all their names
     * @param mark a tensor that files in their names have, and only these
     * @param lines all lines for a model with these modules
     */
    public NameTable(
            String author,
            List<String> prefixes,
            String mark,
            Function<Modules, List<NameLine>> lines) {
        this.author = author;
        this.prefixes = List.copyOf(prefixes);
        this.mark = mark;
        this.lines = lines;
    }

    /** Whose names these are, in words: {@code black-forest-labs}. */
    public String author() {
        return author;
    }

    /** Whether a file has their names. */
    public boolean isIn(Weights weights) {
        return weights.under(prefixes).tensors().containsKey(mark);
    }

    /** What to add to a description of a file: in whose names it is; empty if in ours. */
    public String note(Weights weights) {
        return isIn(weights) ? ", in the names of " + author : "";
    }

    /**
     * A file in our names, whichever of them it has. Nothing is copied before {@link Weights#data}
     * is asked for. Closing the view closes the file.
     *
     * @throws FormatException if what is fused cannot be taken apart, or two tensors have one name
     */
    public Weights view(Weights stored) {
        Weights weights = stored.under(prefixes);
        return isIn(weights) ? new Renaming(weights).ours(lines(weights)) : weights;
    }

    /**
     * A file in their names, whichever of them it has; the inverse of {@link #view}, to the bit.
     *
     * @throws FormatException if what they hold in one does not fit together
     */
    public Weights original(Weights ours) {
        Weights weights = ours.under(prefixes);
        return isIn(weights) ? weights : new Renaming(weights).theirs(lines(weights));
    }

    /** All lines for a model; some may be of modules that it lacks. */
    public List<NameLine> lines(Modules modules) {
        return lines.apply(modules);
    }

    private List<NameLine> lines(Weights weights) {
        return lines.apply(module -> weights.tensors().containsKey(module + ".weight"));
    }
}
