package glance.pipeline;

import glance.api.FormatException;
import glance.io.Config;
import glance.io.Weights;
import glance.model.part.ModelPart;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileVisitOption;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Stream;

/**
 * A folder as ComfyUI keeps models, of one model or of many. What a file is decides its content,
 * not its name.
 *
 * <pre>
 * diffusion_models/ or unet/     transformers
 * text_encoders/ or clip/
 * vae/
 * tokenizer/, tokenizer_2/ ...   not ComfyUI's, and taken if they are there
 * </pre>
 */
final class ComfyFolder implements PartFinder {
    private static final List<String> TRANSFORMERS = List.of("diffusion_models", "unet");
    private static final List<String> TEXT_ENCODERS = List.of("text_encoders", "clip");
    private static final List<String> AUTOENCODERS = List.of("vae");
    private static final int MAX_DEPTH = 4;

    private final Path folder;

    private ComfyFolder(Path folder) {
        this.folder = folder;
    }

    /** A folder in this shape; also one with such a folder {@code split_files} in it. */
    static Optional<ComfyFolder> of(Path folder) {
        return Stream.of(folder, folder.resolve("split_files"))
                .filter(f -> TRANSFORMERS.stream().anyMatch(t -> Files.isDirectory(f.resolve(t))))
                .map(ComfyFolder::new)
                .findFirst();
    }

    /** All files of weights, in the order of the folders. */
    List<Path> files() {
        return Stream.of(TRANSFORMERS, TEXT_ENCODERS, AUTOENCODERS)
                .flatMap(names -> files(names).stream())
                .toList();
    }

    @Override
    public List<Path> transformers() {
        List<Path> files = files(TRANSFORMERS);
        List<Path> known =
                files.stream().filter(file -> read(file, Families::recognise).isPresent()).toList();
        if (known.isEmpty() && files.size() == 1) {
            Weights.open(files.get(0)).close(); // says what is wrong with a damaged one
        }
        return known;
    }

    @Override
    public List<Path> parts(ModelPart part, List<ModelPart> all, Config base) {
        List<Found> found = new ArrayList<>();
        for (Path file : files(part.name().equals("vae") ? AUTOENCODERS : TEXT_ENCODERS)) {
            read(file, w -> part.kind().recognise(w.under(part.prefixes()), base))
                    .filter(own -> part.width() == 0 || own.width() == part.width())
                    .ifPresent(own -> found.add(new Found(file, own.width())));
        }
        List<ModelPart> alike = all.stream().filter(p -> p.kind() == part.kind()).toList();
        if (part.width() == 0 && alike.size() == found.size()) {
            return List.of(inOrder(found).get(alike.indexOf(part)).file());
        }
        return found.stream().map(Found::file).toList();
    }

    private record Found(Path file, int width) {}

    /** The narrower of two encoders of one kind is the first, as CLIP-L is before CLIP-G. */
    private static List<Found> inOrder(List<Found> found) {
        return found.stream().sorted(Comparator.comparingInt(Found::width)).toList();
    }

    @Override
    public Path tokenizers() {
        return folder;
    }

    private List<Path> files(List<String> names) {
        List<Path> files = new ArrayList<>();
        for (String name : names) {
            Path home = folder.resolve(name);
            if (!Files.isDirectory(home)) {
                continue;
            }
            try (Stream<Path> all = Files.walk(home, MAX_DEPTH, FileVisitOption.FOLLOW_LINKS)) {
                all.filter(Files::isRegularFile)
                        .filter(file -> file.toString().matches("(?i).*\\.(safetensors|gguf)"))
                        .sorted()
                        .forEach(files::add);
            } catch (IOException | UncheckedIOException e) {
                throw new FormatException(
                        home,
                        null,
                        "cannot be listed (" + e.getMessage() + ")",
                        "check permissions",
                        e);
            }
        }
        return files;
    }

    /** What a file is; nothing if it cannot be read. */
    private static <T> Optional<T> read(Path file, Function<Weights, Optional<T>> reader) {
        try (Weights weights = Weights.open(file)) {
            return reader.apply(weights);
        } catch (FormatException e) {
            return Optional.empty();
        }
    }
}
