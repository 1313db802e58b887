package glance.cli.common;

import glance.api.DeviceException;
import glance.api.FormatException;
import glance.api.RequestException;
import glance.api.TrainingFailure;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import picocli.CommandLine;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.UnmatchedArgumentException;

/** One line for each thing that can go wrong. */
public final class Problem {
    private static final long MEBI = 1L << 20;

    private Problem() {}

    /** A line about arguments that could not be parsed, with where to read on. */
    public static String wrongUse(ParameterException e) {
        CommandLine command = e.getCommandLine();
        StringBuilder line = new StringBuilder(decapitalise(oneLine(e.getMessage())));
        if (e instanceof UnmatchedArgumentException unmatched) {
            UnknownName.advice(unmatched).ifPresent(advice -> line.append("; ").append(advice));
        }
        return line.append("; see ")
                .append(command.getCommandSpec().qualifiedName())
                .append(" --help")
                .toString();
    }

    /** A line about what ended a command. */
    public static String describe(Throwable e) {
        if (e instanceof OutOfMemoryError) {
            return "out of memory ("
                    + oneLine(e.getMessage())
                    + "; the limit is "
                    + Runtime.getRuntime().maxMemory() / MEBI
                    + " MiB); use a smaller --size or --batch, or raise it with java -Xmx...";
        }
        if (e instanceof UncheckedIOException && e.getCause() != null) {
            return hasOwnWords(e) ? oneLine(e.getMessage()) : describe(e.getCause());
        }
        if (e instanceof IOException io) {
            return describeFile(io);
        }
        if (isWordedForUsers(e)) {
            return oneLine(e.getMessage());
        }
        return "bug in the engine: "
                + oneLine(e.toString())
                + "; run again with --verbose and report what it prints";
    }

    /** Whether the exception is one of ours, thrown with a message that names what and where. */
    private static boolean isWordedForUsers(Throwable e) {
        return e instanceof RequestException
                || e instanceof FormatException
                || e instanceof DeviceException
                || e instanceof WrongUseException
                || e instanceof TrainingFailure
                || (e.getClass() == IllegalArgumentException.class
                                || e.getClass() == IllegalStateException.class)
                        && isThrownByEngine(e);
    }

    private static boolean isThrownByEngine(Throwable e) {
        StackTraceElement[] trace = e.getStackTrace();
        return trace.length > 0 && trace[0].getClassName().startsWith("glance.");
    }

    private static boolean hasOwnWords(Throwable e) {
        return e.getMessage() != null && !e.getMessage().equals(e.getCause().toString());
    }

    private static String describeFile(IOException e) {
        if (e instanceof NoSuchFileException) {
            return oneLine(e.getMessage()) + ": no such file";
        }
        if (e instanceof AccessDeniedException) {
            return oneLine(e.getMessage()) + ": permission denied";
        }
        if (e instanceof FileSystemException) {
            return oneLine(e.getMessage());
        }
        return oneLine(e.getMessage() == null ? e.toString() : e.getMessage());
    }

    /** Why a file could not be made, in few words and without its name. */
    public static String reason(IOException e) {
        if (e instanceof AccessDeniedException) {
            return "permission denied";
        }
        if (e instanceof FileAlreadyExistsException) {
            return "a file has that name";
        }
        if (e instanceof NoSuchFileException) {
            return "no file can be made there";
        }
        String reason = e instanceof FileSystemException file ? file.getReason() : e.getMessage();
        return oneLine(reason == null ? e.getClass().getSimpleName() : reason);
    }

    private static String oneLine(String text) {
        return String.valueOf(text).strip().replaceAll("\\s*\\R\\s*", "; ");
    }

    private static String decapitalise(String text) {
        return text.isEmpty() ? text : Character.toLowerCase(text.charAt(0)) + text.substring(1);
    }
}
