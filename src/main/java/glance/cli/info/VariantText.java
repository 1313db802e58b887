package glance.cli.info;

import glance.io.ModelFolder;
import glance.io.Weights;
import glance.model.Family;
import glance.model.part.Variant;
import glance.pipeline.Families;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** Which of several models that look alike one is, in words, and what says so. */
final class VariantText {
    private static final String TRANSFORMER = "transformer";

    /** Of the hub's cache: {@code models--OWNER--NAME/snapshots/COMMIT}. */
    private static final String CACHED = "models--";

    private VariantText() {}

    /** That of a model; null if nothing says it. */
    static String of(ModelFolder folder) {
        Family family = Families.of(folder);
        String file = folder.fileName(TRANSFORMER);
        Optional<Variant> own = family.variant(folder);
        if (own.isEmpty()) {
            return named(name(folder.path()), "folder", family.lookalikes());
        }
        String title = own.get().title();
        Optional<Variant> named = Variant.named(file, family.variants());
        if (named.isPresent()) {
            return named.equals(own)
                    ? named(file, "file", family.variants())
                    : title + ", as the file itself says, though its name does not";
        }
        return title + (file.isEmpty() ? "" : ", as the name of the file does not say which");
    }

    /** That of a file with a transformer; null if its name does not say it. */
    static String of(Path file, Weights weights) {
        return Families.recognise(weights)
                .map(
                        known ->
                                named(
                                        file.getFileName().toString(),
                                        "file",
                                        known.family().variants()))
                .orElse(null);
    }

    private static String named(String name, String what, List<Variant> all) {
        return Variant.named(name, all)
                .map(
                        own ->
                                own.title()
                                        + ", as the name of the "
                                        + what
                                        + " says; nothing in it does")
                .orElse(null);
    }

    private static String name(Path folder) {
        for (Path part : folder.toAbsolutePath()) {
            if (part.toString().startsWith(CACHED)) {
                return part.toString();
            }
        }
        return folder.toAbsolutePath().getFileName().toString();
    }
}
