package glance.io;

import java.util.List;

/**
 * What another program calls one part of a model, and what the engine calls it.
 *
 * @param theirs their name
 * @param ours our names; what they hold in one lies there one below the other
 * @param form how the values lie there
 * @param whole whether these are names of tensors; else of modules, that have a {@code weight} and
 *     mostly a {@code bias}
 */
public record NameLine(String theirs, List<String> ours, Form form, boolean whole) {
    /** How values lie in the other program's tensor. */
    public enum Form {
        /** As here; of several parts each is as high. */
        SAME,
        /** Parts as high as the weight is wide; the last takes the rest. */
        REST,
        /** The halves of a modulation with two parts are swapped: shift and scale. */
        SWAPPED,
        /** A matrix is a convolution of one pixel, [out, in, 1, 1]. */
        PIXEL,
        /** A matrix has rows for columns. */
        TRANSPOSED,
        /** A table of six rows is one vector, row after row. */
        SIX_ROWS
    }

    /** A module as it is here, or several of ours of one height. */
    public static NameLine module(String theirs, String... ours) {
        return new NameLine(theirs, List.of(ours), Form.SAME, false);
    }

    /** A module that holds several, all but the last as high as it is wide. */
    public static NameLine withRest(String theirs, String... ours) {
        return new NameLine(theirs, List.of(ours), Form.REST, false);
    }

    /** A modulation: with two parts, those of our module are in the other order. */
    public static NameLine swapped(String theirs, String ours) {
        return new NameLine(theirs, List.of(ours), Form.SWAPPED, false);
    }

    /** A linear layer that is a convolution of one pixel there. */
    public static NameLine pixel(String theirs, String ours) {
        return new NameLine(theirs, List.of(ours), Form.PIXEL, false);
    }

    /** A tensor as it is here, or several of ours of one height. */
    public static NameLine tensor(String theirs, String... ours) {
        return new NameLine(theirs, List.of(ours), Form.SAME, true);
    }

    /** A matrix with rows for columns. */
    public static NameLine transposed(String theirs, String ours) {
        return new NameLine(theirs, List.of(ours), Form.TRANSPOSED, true);
    }

    /** A table of six rows that is one vector there, row after row. */
    public static NameLine sixRows(String theirs, String ours) {
        return new NameLine(theirs, List.of(ours), Form.SIX_ROWS, true);
    }

    /** The same line in a block: after these prefixes. */
    public NameLine in(String theirBlock, String ourBlock) {
        return new NameLine(
                theirBlock + theirs, ours.stream().map(ourBlock::concat).toList(), form, whole);
    }

    /** Lines of a block, after these prefixes. */
    public static List<NameLine> in(String theirBlock, String ourBlock, List<NameLine> lines) {
        return lines.stream().map(line -> line.in(theirBlock, ourBlock)).toList();
    }

    /** The lines of tensors that this line stands for. */
    List<NameLine> tensors() {
        return whole ? List.of(this) : List.of(ofTensor(".weight"), ofTensor(".bias"));
    }

    private NameLine ofTensor(String part) {
        List<String> parts = ours.stream().map(name -> name + part).toList();
        return new NameLine(theirs + part, parts, form, true);
    }
}
