package glance.pipeline;

import glance.api.Lora;
import glance.api.Plan;
import glance.io.HostTensor;
import glance.io.ModelFolder;
import glance.lora.LoraPair;
import glance.lora.LoraWriter;
import glance.tensor.DType;
import glance.tensor.Shape;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.regex.Pattern;

/**
 * Two adapters that nobody trained, one for each phase, on the attention projections of a model:
 * for measurements. They live in temporary files until closed.
 */
public final class RandomExperts implements AutoCloseable {
    private static final Pattern TARGETS =
            Pattern.compile(".*\\.(to_[qkv]|to_out\\.0|add_[qkv]_proj|to_add_out)");
    private static final double STANDARD_DEVIATION = 0.01;

    private final List<Path> files = new ArrayList<>();

    /**
     * Writes the adapters.
     *
     * @param rank 0 for none
     */
    public RandomExperts(ModelFolder folder, int rank) {
        try {
            for (int seed = 0; seed < 2 && rank > 0; seed++) {
                Path file = Files.createTempFile("glance-expert-", ".safetensors");
                files.add(file);
                LoraWriter.write(file, pairs(folder, rank, new Random(seed)), Map.of());
            }
        } catch (IOException e) {
            close();
            throw new UncheckedIOException("no temporary file for an adapter: " + e, e);
        } catch (RuntimeException e) {
            close();
            throw e;
        }
    }

    /** The request with one adapter in each phase of its plan; without phases, the first. */
    public Settings addedTo(Settings request) {
        List<Lora> loras = new ArrayList<>(request.loras());
        List<Plan.Phase> phases = request.plan().phases();
        for (int i = 0; i < files.size(); i++) {
            if (i < phases.size()) {
                loras.add(Lora.of(files.get(i)).on(phases.get(i).name()));
            } else if (i == 0) {
                loras.add(Lora.of(files.get(i)));
            }
        }
        return request.withLoras(loras);
    }

    private static Map<String, LoraPair> pairs(ModelFolder folder, int rank, Random random) {
        Map<String, LoraPair> pairs = new LinkedHashMap<>();
        TransformerModules.of(Families.of(folder), folder)
                .forEach(
                        (name, weight) -> {
                            if (TARGETS.matcher(name).matches()) {
                                HostTensor a = normal(rank, weight.dim(1), random);
                                HostTensor b = normal(weight.dim(0), rank, random);
                                pairs.put(name, new LoraPair(a, b, rank));
                            }
                        });
        return pairs;
    }

    private static HostTensor normal(int rows, int columns, Random random) {
        ByteBuffer data =
                ByteBuffer.allocate(rows * columns * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        while (data.hasRemaining()) {
            data.putFloat((float) (STANDARD_DEVIATION * random.nextGaussian()));
        }
        return new HostTensor(DType.F32, Shape.of(rows, columns), data.flip());
    }

    @Override
    public void close() {
        for (Path file : files) {
            try {
                Files.deleteIfExists(file);
            } catch (IOException e) {
                file.toFile().deleteOnExit();
            }
        }
    }
}
