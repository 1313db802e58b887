package glance.cli;

import glance.io.Images;
import glance.io.SafeWrite;
import glance.pipeline.ImageResult;
import glance.schedule.PhasePlan;
import java.awt.image.BufferedImage;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Writes the pictures of a run with their settings, and names each as soon as it is there. */
final class PictureWriter {
    private final Session session;
    private final Settings settings;
    private final PhasePlan plan;
    private final OutputFiles files;
    private final int quality;
    private final boolean names;
    private final List<String> written = new ArrayList<>();
    private boolean displaced;

    /**
     * @param quality of JPEG files, 1 to 100
     * @param names whether to print the files' names
     */
    PictureWriter(
            Session session,
            Settings settings,
            PhasePlan plan,
            OutputFiles files,
            int quality,
            boolean names) {
        this.session = session;
        this.settings = settings;
        this.plan = plan;
        this.files = files;
        this.quality = quality;
        this.names = names;
    }

    /**
     * Makes the folders.
     *
     * @throws WrongUseException if the pictures cannot be written there
     */
    void prepare() {
        files.prepare();
        for (int i = 0; i < files.files().size(); i++) {
            String prompt = settings.prompts().get(i / settings.batch());
            long seed = settings.seed() + i % settings.batch();
            if (OutputFiles.isJpeg(files.files().get(i))
                    && !Images.fitsJpeg(PictureText.comment(settings, plan, prompt, seed))) {
                throw new WrongUseException(
                        "--out "
                                + files.files().get(i)
                                + ": the settings are too long for a JPEG; write a PNG");
            }
        }
    }

    /** Writes the pictures of a prompt as they look after a step. */
    void preview(int prompt, int step, List<BufferedImage> pictures) {
        for (int b = 0; b < pictures.size(); b++) {
            Path file = files.files().get(prompt * settings.batch() + b);
            String text = settings.prompts().get(prompt);
            save(
                    OutputFiles.preview(file, step),
                    content(file, pictures.get(b), text, settings.seed() + b));
        }
    }

    /** Writes a finished picture. */
    void write(ImageResult result, int index) {
        Path file = files.files().get(index);
        byte[] content = content(file, result.picture(), result.prompt(), result.seed());
        // A request to stop interrupts this thread, which would close the file.
        Thread.interrupted();
        if (OutputFiles.isStdout(file)) {
            toStdout(content);
            written.add(file.toString());
            return;
        }
        Path actual = save(file, content);
        written.add(actual.toString());
        if (names) {
            session.out().println(actual);
            session.out().flush();
        }
        if (files.isGiven() && !actual.equals(file)) {
            displaced = true;
            session.error(
                    file
                            + ": another program made this file meanwhile; the picture is in "
                            + actual);
        }
    }

    /** The files so far. */
    List<String> written() {
        return List.copyOf(written);
    }

    /** Whether a picture did not get the name that the user gave. */
    boolean hasDisplaced() {
        return displaced;
    }

    private byte[] content(Path file, BufferedImage picture, String prompt, long seed) {
        return OutputFiles.isJpeg(file)
                ? Images.jpeg(picture, PictureText.comment(settings, plan, prompt, seed), quality)
                : Images.png(picture, PictureText.of(settings, plan, prompt, seed));
    }

    /** The file that was written: another beside it where the name is taken by now. */
    private Path save(Path file, byte[] content) {
        if (OutputFiles.isStream(file)) {
            SafeWrite.stream(file, content);
            return file;
        }
        if (files.mayReplace()) {
            SafeWrite.write(file, content);
            return file;
        }
        Path free = file;
        for (int i = 2; !SafeWrite.create(free, content); i++) {
            free = OutputFiles.beside(file, "-" + i);
        }
        return free;
    }

    private void toStdout(byte[] content) {
        // A PrintStream keeps failures to itself. Not closed: the descriptor is everybody's.
        OutputStream out =
                session.out() == System.out
                        ? new FileOutputStream(FileDescriptor.out)
                        : session.out();
        try {
            out.write(content);
            out.flush();
        } catch (IOException e) {
            throw new UncheckedIOException(
                    "standard output: cannot be written (" + Problem.reason(e) + ")", e);
        }
    }
}
