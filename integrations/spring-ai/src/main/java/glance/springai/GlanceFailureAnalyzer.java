package glance.springai;

import glance.api.DeviceException;
import glance.api.FormatException;
import glance.api.RequestException;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.diagnostics.FailureAnalysis;
import org.springframework.boot.diagnostics.FailureAnalyzer;

/** An application that cannot start because of the model says so in the engine's one line. */
final class GlanceFailureAnalyzer implements FailureAnalyzer {
    @Override
    public @Nullable FailureAnalysis analyze(Throwable failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof RequestException
                    || cause instanceof FormatException
                    || cause instanceof DeviceException) {
                return new FailureAnalysis(
                        cause.getMessage(),
                        "Mend what the description names. The properties of glance-engine begin"
                                + " with 'glance.'.",
                        failure);
            }
        }
        return null;
    }
}
