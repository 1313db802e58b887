package glance.io;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import glance.api.FormatException;
import glance.tensor.DType;
import glance.tensor.Shape;
import glance.text.PrintableText;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The JSON header of a safetensors file, checked against the size of the data that follows it.
 *
 * <p>Layout of the file: 8 bytes little-endian header length, the header, the data. Offsets in the
 * header count from the start of the data. As in the reference reader, the tensors must tile the
 * data without holes, overlap or bytes left over, so that no content hides in a file.
 *
 * @param metadata the strings under {@code __metadata__}
 * @param entries the tensors in the order of their data
 */
record SafetensorsHeader(Map<String, String> metadata, List<TensorFile.Entry> entries) {
    static final String METADATA_KEY = "__metadata__";
    static final int MAX_HEADER_BYTES = 100_000_000;
    private static final int MAX_RANK = 64;
    private static final String FETCH_AGAIN = "the file is damaged, fetch or write it again";

    /**
     * Parses and checks a header.
     *
     * @param file only named in messages
     * @param json the header bytes, padding included
     * @param dataBytes size of the data after the header
     */
    static SafetensorsHeader parse(Path file, byte[] json, long dataBytes) {
        return new Reader(file, dataBytes).read(json);
    }

    /** One pass over the header's tokens. */
    private static final class Reader {
        private final Path file;
        private final long dataBytes;
        private final Map<String, String> metadata = new LinkedHashMap<>();
        private final List<TensorFile.Entry> entries = new ArrayList<>();

        Reader(Path file, long dataBytes) {
            this.file = file;
            this.dataBytes = dataBytes;
        }

        SafetensorsHeader read(byte[] json) {
            if (json.length == 0 || json[0] != '{') {
                throw damaged(null, "header must start with '{'");
            }
            try (JsonParser parser = Json.parser(json)) {
                parser.nextToken();
                while (parser.nextToken() == JsonToken.FIELD_NAME) {
                    String name = parser.currentName();
                    parser.nextToken();
                    if (name.equals(METADATA_KEY)) {
                        readMetadata(parser);
                    } else {
                        entries.add(readEntry(name, parser));
                    }
                }
                if (parser.nextToken() != null) {
                    throw damaged(null, "header goes on after its JSON object");
                }
            } catch (IOException e) {
                throw Json.malformed(file, "header", e);
            }
            entries.sort(
                    Comparator.comparingLong(TensorFile.Entry::begin)
                            .thenComparingLong(TensorFile.Entry::end));
            requireTiling();
            return new SafetensorsHeader(
                    Collections.unmodifiableMap(metadata), Collections.unmodifiableList(entries));
        }

        private void readMetadata(JsonParser parser) throws IOException {
            if (parser.currentToken() != JsonToken.START_OBJECT) {
                throw damaged(METADATA_KEY, "must be an object of strings");
            }
            while (parser.nextToken() == JsonToken.FIELD_NAME) {
                String key = parser.currentName();
                if (parser.nextToken() != JsonToken.VALUE_STRING) {
                    throw damaged(METADATA_KEY + "." + key, "must be a string");
                }
                metadata.put(key, parser.getText());
            }
        }

        private TensorFile.Entry readEntry(String name, JsonParser parser) throws IOException {
            if (parser.currentToken() != JsonToken.START_OBJECT) {
                throw damaged(name, "must be an object with dtype, shape and data_offsets");
            }
            DType dtype = null;
            Shape shape = null;
            long[] offsets = null;
            while (parser.nextToken() == JsonToken.FIELD_NAME) {
                String key = parser.currentName();
                parser.nextToken();
                switch (key) {
                    case "dtype" -> dtype = readDType(name, parser);
                    case "shape" -> shape = readShape(name, parser);
                    case "data_offsets" -> offsets = readNumbers(name, key, 2, parser);
                    default -> parser.skipChildren();
                }
            }
            requirePresent(name, "dtype", dtype);
            requirePresent(name, "shape", shape);
            requirePresent(name, "data_offsets", offsets);
            return entry(name, dtype, shape, offsets);
        }

        private void requirePresent(String name, String key, Object value) {
            if (value == null) {
                throw damaged(name, key + " is missing");
            }
        }

        private DType readDType(String name, JsonParser parser) throws IOException {
            if (parser.currentToken() != JsonToken.VALUE_STRING) {
                throw damaged(name, "dtype must be a string");
            }
            String text = parser.getText();
            for (DType dtype : DType.values()) {
                if (dtype.name().equals(text) && !dtype.isQuantised()) {
                    return dtype;
                }
            }
            throw damaged(
                    name,
                    "unknown dtype '"
                            + PrintableText.quoted(text)
                            + "' (known are "
                            + known()
                            + ")");
        }

        private static String known() {
            return Arrays.stream(DType.values())
                    .filter(dtype -> !dtype.isQuantised())
                    .toList()
                    .toString();
        }

        private Shape readShape(String name, JsonParser parser) throws IOException {
            long[] sizes = readNumbers(name, "shape", MAX_RANK, parser);
            int[] dims = new int[sizes.length];
            for (int i = 0; i < sizes.length; i++) {
                if (sizes[i] > Integer.MAX_VALUE) {
                    throw damaged(
                            name,
                            "dimension "
                                    + sizes[i]
                                    + " in shape "
                                    + Arrays.toString(sizes)
                                    + " is over "
                                    + Integer.MAX_VALUE);
                }
                dims[i] = (int) sizes[i];
            }
            try {
                return Shape.of(dims);
            } catch (ArithmeticException e) {
                throw damaged(name, "shape " + Arrays.toString(dims) + " overflows");
            }
        }

        private long[] readNumbers(String name, String key, int max, JsonParser parser)
                throws IOException {
            if (parser.currentToken() != JsonToken.START_ARRAY) {
                throw damaged(name, key + " must be an array of numbers");
            }
            long[] numbers = new long[max];
            int count = 0;
            while (parser.nextToken() != JsonToken.END_ARRAY) {
                boolean whole =
                        parser.currentToken() == JsonToken.VALUE_NUMBER_INT
                                && parser.getNumberType() != JsonParser.NumberType.BIG_INTEGER;
                if (!whole || parser.getLongValue() < 0) {
                    throw damaged(
                            name,
                            key
                                    + " must hold whole numbers from 0 to "
                                    + Long.MAX_VALUE
                                    + ", got "
                                    + PrintableText.quoted(String.valueOf(parser.getText())));
                }
                if (count == max) {
                    throw damaged(name, key + " holds more than " + max + " numbers");
                }
                numbers[count++] = parser.getLongValue();
            }
            return Arrays.copyOf(numbers, count);
        }

        private TensorFile.Entry entry(String name, DType dtype, Shape shape, long[] offsets) {
            if (offsets.length != 2 || offsets[0] > offsets[1]) {
                throw damaged(
                        name,
                        "data_offsets must be [begin, end] with begin <= end, got "
                                + Arrays.toString(offsets));
            }
            if (offsets[1] > dataBytes) {
                throw damaged(
                        name,
                        "data ends at byte "
                                + offsets[1]
                                + " but the file holds only "
                                + dataBytes
                                + " bytes of data");
            }
            long bytes = offsets[1] - offsets[0];
            long want;
            try {
                want = dtype.bytes(shape.numel());
            } catch (ArithmeticException e) {
                throw damaged(
                        name,
                        "shape "
                                + shape
                                + " of "
                                + dtype
                                + " overflows or is no whole number of bytes");
            }
            if (bytes != want) {
                throw damaged(
                        name,
                        "shape "
                                + shape
                                + " of "
                                + dtype
                                + " takes "
                                + want
                                + " bytes but data_offsets span "
                                + bytes);
            }
            return new TensorFile.Entry(new TensorInfo(name, dtype, shape, bytes), offsets[0]);
        }

        private void requireTiling() {
            long expected = 0;
            for (TensorFile.Entry entry : entries) {
                if (entry.begin() != expected) {
                    String problem =
                            entry.begin() > expected
                                    ? "data leaves a hole before byte "
                                    : "data overlaps that of another tensor at byte ";
                    throw damaged(entry.info().name(), problem + entry.begin());
                }
                expected = entry.end();
            }
            if (expected != dataBytes) {
                throw damaged(
                        null,
                        "tensors end at byte "
                                + expected
                                + " but the file holds "
                                + dataBytes
                                + " bytes of data");
            }
        }

        private FormatException damaged(String where, String reason) {
            return new FormatException(file, where, reason, FETCH_AGAIN);
        }
    }
}
