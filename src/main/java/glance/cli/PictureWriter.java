package glance.cli;

import glance.Picture;
import glance.cli.common.Problem;
import glance.cli.common.Session;
import glance.cli.common.WrongUseException;
import glance.io.SafeWrite;
import glance.picture.Origin;
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
    private final Origin origin;
    private final OutputFiles files;
    private final int quality;
    private final boolean names;
    private final List<String> written = new ArrayList<>();
    private boolean displaced;

    /**
     * @param quality of JPEG files, 1 to 100
     * @param names whether to print the files' names
     */
    PictureWriter(Session session, Origin origin, OutputFiles files, int quality, boolean names) {
        this.session = session;
        this.origin = origin;
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
        if (files.files().stream().anyMatch(OutputFiles::isJpeg) && !origin.fitsJpeg()) {
            throw new WrongUseException(
                    "--out "
                            + files.files().get(0)
                            + ": the settings are too long for a JPEG; write a PNG");
        }
    }

    /** Writes the pictures of a prompt as they look after a step. */
    void preview(glance.Progress progress, List<Picture> pictures) {
        for (int b = 0; b < pictures.size(); b++) {
            Path file = files.files().get(progress.prompt() * pictures.size() + b);
            save(OutputFiles.preview(file, progress.step()), content(file, pictures.get(b)));
        }
    }

    /** Writes a finished picture. */
    void write(int index, Picture picture) {
        Path file = files.files().get(index);
        byte[] content = content(file, picture);
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

    private byte[] content(Path file, Picture picture) {
        return OutputFiles.isJpeg(file) ? picture.jpeg(quality) : picture.png();
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
