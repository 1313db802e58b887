package glance.io;

import glance.api.FormatException;
import glance.tensor.DType;
import glance.tensor.Shape;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** See {@link Weights#view}. */
final class WeightsView extends DerivedWeights {
    private final Map<String, List<Rows>> places = new LinkedHashMap<>();
    private final Map<String, TensorInfo> tensors = new LinkedHashMap<>();
    private final Map<String, Turn> turns;

    /** How a tensor is seen, beside its name. */
    enum Turn {
        /** As it is stored. */
        NONE,
        /** A convolution of one pixel, [out, in, 1, 1], as the matrix that it is. */
        MATRIX,
        /** A matrix as a convolution of one pixel. */
        PIXEL,
        /** A vector as a table of six rows, which lie in it one behind the other. */
        SIX_ROWS,
        /** A table as the vector of its rows. */
        VECTOR,
        /** A matrix with rows for columns. */
        TRANSPOSED;

        private static final int SIX = 6;

        private Shape of(Shape stored) {
            int[] dims = stored.dims();
            return switch (this) {
                case MATRIX ->
                        dims.length == 4 && dims[2] == 1 && dims[3] == 1
                                ? Shape.of(dims[0], dims[1])
                                : stored;
                case PIXEL -> dims.length == 2 ? Shape.of(dims[0], dims[1], 1, 1) : stored;
                case SIX_ROWS ->
                        dims.length == 1 && dims[0] % SIX == 0
                                ? Shape.of(SIX, dims[0] / SIX)
                                : stored;
                case VECTOR ->
                        dims.length == 2 ? Shape.of(Math.multiplyExact(dims[0], dims[1])) : stored;
                case TRANSPOSED -> dims.length == 2 ? Shape.of(dims[1], dims[0]) : stored;
                case NONE -> stored;
            };
        }
    }

    WeightsView(Weights stored, Map<String, List<Rows>> names) {
        this(stored, names, Map.of());
    }

    /**
     * @param turns by the new name; of those that are missing {@link Turn#NONE}
     */
    WeightsView(Weights stored, Map<String, List<Rows>> names, Map<String, Turn> turns) {
        super(stored);
        this.turns = turns;
        names.forEach(
                (name, rows) -> {
                    places.put(name, List.copyOf(rows));
                    tensors.put(name, info(name, rows));
                });
    }

    private TensorInfo info(String name, List<Rows> parts) {
        TensorInfo first = stored.tensors().get(parts.get(0).tensor());
        for (Rows part : parts) {
            TensorInfo info = stored.tensors().get(part.tensor());
            boolean alike =
                    (info.dtype() == first.dtype() || isPlain(info) && isPlain(first))
                            && stored.scaling(info.name()).group()
                                    == stored.scaling(first.name()).group()
                            && isAsWide(info.shape(), first.shape());
            if (!alike) {
                throw new FormatException(
                        stored.source(),
                        part.tensor(),
                        "is stored in another way than %s, which it is joined to: %s, not %s"
                                .formatted(first.name(), form(info), form(first)),
                        null);
            }
        }
        boolean same =
                parts.stream()
                        .map(part -> stored.tensors().get(part.tensor()).dtype())
                        .allMatch(first.dtype()::equals);
        DType dtype = same ? first.dtype() : DType.F32;
        Shape shape = first.shape();
        if (!isWhole(parts)) {
            int rows = 0;
            for (Rows part : parts) {
                TensorInfo info = stored.tensors().get(part.tensor());
                if (info.shape().rank() == 0
                        || part.count() < 0
                        || part.begin() + part.count() > info.shape().dim(0)) {
                    throw misfit(info, part, "are not all there");
                }
                rows += part.count();
            }
            shape = shape.with(0, rows);
        }
        Turn turn = turns.getOrDefault(name, Turn.NONE);
        boolean single =
                shape.rank() == 2
                        && first.dtype().blockElements() == 1
                        && stored.scaling(first.name()) == Scaling.NONE;
        if (turn == Turn.TRANSPOSED && !single) {
            throw new FormatException(
                    stored.source(),
                    first.name(),
                    "must be a matrix of plain numbers, got " + first.dtype() + " " + shape,
                    null);
        }
        shape = turn.of(shape);
        try {
            return new TensorInfo(name, dtype, shape, dtype.bytes(shape.numel()));
        } catch (ArithmeticException e) {
            throw misfit(first, parts.get(0), "end within a block of " + first.dtype());
        }
    }

    private boolean isPlain(TensorInfo info) {
        return HostFloats.supports(info.dtype()) && stored.scaling(info.name()) == Scaling.NONE;
    }

    private String form(TensorInfo info) {
        int group = stored.scaling(info.name()).group();
        return info.dtype()
                + " "
                + info.shape()
                + (group > 1 ? " rotated in groups of " + group + " columns" : "");
    }

    private static boolean isAsWide(Shape one, Shape other) {
        return one.rank() == other.rank()
                && (one.rank() == 0 || one.with(0, 1).equals(other.with(0, 1)));
    }

    private FormatException misfit(TensorInfo info, Rows part, String reason) {
        return new FormatException(
                stored.source(),
                info.name(),
                "rows "
                        + part.begin()
                        + " to "
                        + (part.begin() + part.count())
                        + " of "
                        + info.shape()
                        + " "
                        + reason,
                "check that it is the model's file, and fetch it again");
    }

    private boolean isWhole(List<Rows> parts) {
        Rows part = parts.get(0);
        return parts.size() == 1
                && part.begin() == 0
                && part.count() == Rows.of(stored.tensors().get(part.tensor())).count();
    }

    @Override
    public Map<String, TensorInfo> tensors() {
        return Collections.unmodifiableMap(tensors);
    }

    /** That of its rows. */
    @Override
    public Scaling scaling(String name) {
        List<Rows> parts = places.getOrDefault(name, List.of());
        if (parts.isEmpty()) {
            return Scaling.NONE;
        }
        return Scaling.joined(
                parts.stream().map(part -> stored.scaling(part.tensor())).toList(), parts);
    }

    @Override
    FormatException unread() {
        return stored.unread();
    }

    @Override
    public ByteBuffer data(String name) {
        List<Rows> parts = places.get(name);
        if (parts == null) {
            throw new IllegalArgumentException(source() + ": no tensor named " + name);
        }
        return turns.get(name) == Turn.TRANSPOSED
                ? transposed(joined(name, parts), tensors.get(name))
                : joined(name, parts);
    }

    private ByteBuffer joined(String name, List<Rows> parts) {
        if (isWhole(parts)) {
            return stored.data(parts.get(0).tensor());
        }
        if (parts.size() == 1) {
            return slice(parts.get(0));
        }
        TensorInfo info = tensors.get(name);
        requireRoom(name, info.dtype(), info.shape(), null);
        ByteBuffer joined = ByteBuffer.allocateDirect((int) info.bytes());
        parts.forEach(part -> joined.put(slice(part, info.dtype())));
        return joined.flip().order(ByteOrder.LITTLE_ENDIAN);
    }

    /** The data of a matrix from that of the stored one, whose columns its rows are. */
    private static ByteBuffer transposed(ByteBuffer stored, TensorInfo seen) {
        int bytes = seen.dtype().bytes();
        int rows = seen.shape().dim(0);
        int columns = seen.shape().dim(1);
        ByteBuffer turned = ByteBuffer.allocateDirect(stored.remaining());
        for (int row = 0; row < rows; row++) {
            for (int column = 0; column < columns; column++) {
                turned.put(stored.slice((column * rows + row) * bytes, bytes));
            }
        }
        return turned.flip().order(ByteOrder.LITTLE_ENDIAN);
    }

    private ByteBuffer slice(Rows part, DType wanted) {
        DType dtype = stored.tensors().get(part.tensor()).dtype();
        ByteBuffer slice = slice(part);
        if (dtype == wanted) {
            return slice;
        }
        float[] values = new float[slice.remaining() / dtype.bytes()];
        HostFloats.read(dtype, slice, 0, values);
        return HostFloats.tensor(wanted, Shape.of(values.length), values).data();
    }

    private ByteBuffer slice(Rows part) {
        TensorInfo info = stored.tensors().get(part.tensor());
        long width = info.shape().numel() / info.shape().dim(0);
        try {
            return stored.data(part.tensor())
                    .slice(
                            (int) info.dtype().bytes(part.begin() * width),
                            (int) info.dtype().bytes(part.count() * width))
                    .order(ByteOrder.LITTLE_ENDIAN);
        } catch (ArithmeticException e) {
            throw misfit(info, part, "begin or end within a block of " + info.dtype());
        }
    }
}
