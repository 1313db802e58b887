package glance.cli;

import glance.io.SafeWrite;
import glance.schedule.Seeds;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** The files of a comparison, all in one folder. */
final class CompareFiles {
    private static final String REPORT = "report.md";
    private static final String CSV = "pictures.csv";
    private static final String JSON = "results.json";
    private static final String SHEET = "sheet.png";
    private static final String CHART = "steps.png";
    private static final String PICTURES = "pictures";

    private final Path folder;

    /**
     * Makes the folder.
     *
     * @throws WrongUseException if files of a comparison are there and may not be replaced
     */
    CompareFiles(Path folder, boolean overwrite) throws IOException {
        this.folder = folder;
        if (Files.exists(folder) && !Files.isDirectory(folder)) {
            throw new WrongUseException("--out " + folder + ": is a file; give a folder");
        }
        for (String name : List.of(REPORT, CSV, JSON, SHEET, CHART, PICTURES)) {
            if (!overwrite && Files.exists(folder.resolve(name))) {
                throw new WrongUseException(
                        "--out "
                                + folder
                                + ": holds "
                                + name
                                + " already; choose another folder or use --overwrite");
            }
        }
        Files.createDirectories(folder);
        if (!Files.isWritable(folder)) {
            throw new WrongUseException("--out " + folder + ": cannot be written");
        }
    }

    Path report() {
        return folder.resolve(REPORT);
    }

    Path csv() {
        return folder.resolve(CSV);
    }

    Path json() {
        return folder.resolve(JSON);
    }

    Path sheet() {
        return folder.resolve(SHEET);
    }

    Path chart() {
        return folder.resolve(CHART);
    }

    /** The file of one picture, such as {@code pictures/003-7-slow_fast.png}. */
    Path picture(int prompt, long seed, String run) {
        String name = String.format("%03d-%s-%s.png", prompt + 1, Seeds.text(seed), fileName(run));
        return folder.resolve(PICTURES).resolve(name);
    }

    private static String fileName(String run) {
        return run.replaceAll("[^A-Za-z0-9.-]+", "_");
    }

    void makePictureFolder() throws IOException {
        Files.createDirectories(folder.resolve(PICTURES));
    }

    static void write(Path file, String text) {
        SafeWrite.write(file, text.getBytes(StandardCharsets.UTF_8));
    }
}
