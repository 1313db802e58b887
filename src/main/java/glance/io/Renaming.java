package glance.io;

import glance.api.FormatException;
import glance.io.Weights.Rows;
import glance.io.WeightsView.Turn;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Views of a file under other names, by lines of a {@link NameTable}. Tensors that no line names
 * keep their names.
 */
final class Renaming {
    private static final String WEIGHT = ".weight";

    private final Weights stored;
    private final Map<String, List<Rows>> names = new LinkedHashMap<>();
    private final Map<String, Turn> turns = new HashMap<>();
    private final Map<String, TensorInfo> rest;

    Renaming(Weights stored) {
        this.stored = stored;
        rest = new LinkedHashMap<>(stored.tensors());
    }

    /** The view in our names of a file in theirs. */
    Weights ours(List<NameLine> lines) {
        for (NameLine line : lines) {
            for (NameLine tensor : line.tensors()) {
                TensorInfo info = stored.tensors().get(tensor.theirs());
                if (info != null) {
                    split(tensor, info);
                }
            }
        }
        return view();
    }

    /** The view in their names of a file in ours. */
    Weights theirs(List<NameLine> lines) {
        lines.forEach(line -> line.tensors().forEach(this::join));
        return view();
    }

    private Weights view() {
        rest.forEach((name, info) -> put(name, info, List.of(Rows.of(info)), Turn.NONE));
        return new WeightsView(stored, names, turns);
    }

    private void split(NameLine line, TensorInfo info) {
        rest.remove(info.name());
        List<Rows> rows = parts(line, info);
        if (line.form() == NameLine.Form.SWAPPED) {
            put(line.ours().get(0), info, rows, Turn.NONE);
            return;
        }
        for (int i = 0; i < rows.size(); i++) {
            Turn turn =
                    switch (line.form()) {
                        case PIXEL -> Turn.MATRIX;
                        case TRANSPOSED -> Turn.TRANSPOSED;
                        case SIX_ROWS -> Turn.SIX_ROWS;
                        default -> Turn.NONE;
                    };
            put(line.ours().get(i), info, List.of(rows.get(i)), turn);
        }
    }

    /** The rows of each of our parts, or those of the only part in our order. */
    private List<Rows> parts(NameLine line, TensorInfo info) {
        int count = line.ours().size();
        int rows = Rows.of(info).count();
        if (line.form() == NameLine.Form.SWAPPED) {
            return swapped(info);
        }
        if (count == 1) {
            return List.of(Rows.of(info));
        }
        boolean rest = line.form() == NameLine.Form.REST;
        int height = rest ? width(info) : rows / count;
        boolean fits = rest ? height > 0 && (count - 1L) * height < rows : rows % count == 0;
        if (!fits || info.shape().rank() == 0) {
            throw refuse(
                    info,
                    info.shape() + " cannot be taken apart into " + String.join(", ", line.ours()));
        }
        List<Rows> parts = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            int begin = i * height;
            parts.add(new Rows(info.name(), begin, i == count - 1 ? rows - begin : height));
        }
        return parts;
    }

    private List<Rows> swapped(TensorInfo info) {
        int half = Rows.of(info).count() / 2;
        return half > 0 && half == width(info) && info.shape().dim(0) == 2 * half
                ? List.of(new Rows(info.name(), half, half), new Rows(info.name(), 0, half))
                : List.of(Rows.of(info));
    }

    /** The columns of the weight that a tensor is, or is the bias of; 0 without one. */
    private int width(TensorInfo info) {
        String module = info.name().substring(0, info.name().lastIndexOf('.'));
        TensorInfo weight = stored.tensors().get(module + WEIGHT);
        return weight == null || weight.shape().rank() != 2 ? 0 : weight.shape().dim(1);
    }

    private void join(NameLine line) {
        List<TensorInfo> parts = new ArrayList<>();
        for (String name : line.ours()) {
            TensorInfo info = stored.tensors().get(name);
            if (info != null) {
                parts.add(info);
            }
        }
        if (parts.isEmpty()) {
            return;
        }
        requireAll(line, parts);
        parts.forEach(part -> rest.remove(part.name()));
        List<Rows> rows = new ArrayList<>();
        if (line.form() == NameLine.Form.SWAPPED) {
            rows.addAll(swapped(parts.get(0)));
        } else {
            parts.forEach(part -> rows.add(Rows.of(part)));
        }
        if (names.containsKey(line.theirs())) {
            requireSame(names.get(line.theirs()).get(0).tensor(), parts.get(0), line.theirs());
            return;
        }
        Turn turn =
                switch (line.form()) {
                    case PIXEL -> Turn.PIXEL;
                    case TRANSPOSED -> Turn.TRANSPOSED;
                    case SIX_ROWS -> Turn.VECTOR;
                    default -> Turn.NONE;
                };
        put(line.theirs(), parts.get(0), rows, turn);
    }

    /** Parts that are joined must be such as {@link #parts} takes apart again. */
    private void requireAll(NameLine line, List<TensorInfo> parts) {
        TensorInfo first = parts.get(0);
        if (parts.size() < line.ours().size()) {
            String missing =
                    line.ours().stream()
                            .filter(name -> !stored.tensors().containsKey(name))
                            .findFirst()
                            .orElseThrow();
            throw refuse(
                    first, "makes up " + line.theirs() + " with " + missing + ", which is missing");
        }
        boolean rest = line.form() == NameLine.Form.REST;
        int height = rest ? width(first) : Rows.of(first).count();
        for (TensorInfo part : rest ? parts.subList(0, parts.size() - 1) : parts) {
            if (parts.size() > 1 && (part.shape().rank() == 0 || part.shape().dim(0) != height)) {
                throw refuse(
                        part,
                        "must have "
                                + height
                                + " rows to be part of "
                                + line.theirs()
                                + ", got "
                                + part.shape());
            }
        }
    }

    private void requireSame(String first, TensorInfo other, String theirs) {
        TensorInfo info = stored.tensors().get(first);
        if (!info.shape().equals(other.shape())
                || info.dtype() != other.dtype()
                || !isScaledAlike(info, other)
                || !stored.data(first).equals(stored.data(other.name()))) {
            throw refuse(
                    other, "differs from " + first + ", and there is one " + theirs + " for both");
        }
    }

    private boolean isScaledAlike(TensorInfo one, TensorInfo other) {
        Scaling first = stored.scaling(one.name());
        Scaling second = stored.scaling(other.name());
        int rows = Rows.of(one).count();
        return first.group() == second.group()
                && first.rows(rows).data().equals(second.rows(rows).data());
    }

    private void put(String name, TensorInfo info, List<Rows> rows, Turn turn) {
        List<Rows> other = names.put(name, rows);
        if (other != null) {
            throw refuse(
                    name,
                    "is the name of two tensors, " + other.get(0).tensor() + " and " + info.name());
        }
        turns.put(name, turn);
    }

    private FormatException refuse(TensorInfo info, String reason) {
        return refuse(info.name(), reason);
    }

    private FormatException refuse(String tensor, String reason) {
        return new FormatException(
                stored.source(),
                tensor,
                reason,
                "check that it is the model's file, and fetch it again");
    }
}
