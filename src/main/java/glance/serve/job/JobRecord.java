package glance.serve.job;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.databind.PropertyNamingStrategies.SnakeCaseStrategy;
import com.fasterxml.jackson.databind.annotation.JsonNaming;
import com.fasterxml.jackson.databind.annotation.JsonSerialize;
import com.fasterxml.jackson.databind.ser.std.ToStringSerializer;
import java.math.BigInteger;
import java.util.List;

/**
 * A job as clients see it and as it is kept.
 *
 * @param id its name
 * @param state where it is
 * @param created seconds since 1970
 * @param attended whether a client waits for it; such a job ends with its client
 * @param request what was asked
 * @param plan its steps by name; null before it is known
 * @param step steps of this job that are done
 * @param steps all of them; 0 before it is known
 * @param phase of the last step, or null
 * @param stage what it does before the first step, or null
 * @param secondsLeft for the steps that are left; null before the first
 * @param position jobs before it in the queue; null if it does not wait
 * @param pictures those that are finished
 * @param warnings what the user should know
 * @param error why it failed, or null
 * @param seconds that it took; null before it is done
 */
@JsonNaming(SnakeCaseStrategy.class)
@JsonInclude(JsonInclude.Include.NON_NULL)
public record JobRecord(
        String id,
        JobState state,
        long created,
        boolean attended,
        JobRequest request,
        String plan,
        int step,
        int steps,
        String phase,
        String stage,
        Double secondsLeft,
        Integer position,
        List<Picture> pictures,
        List<String> warnings,
        String error,
        Double seconds) {
    /**
     * A finished picture.
     *
     * @param file its name in the server's folder; null if there was no room for it
     * @param seed its start noise, as text
     */
    public record Picture(
            String file,
            @JsonSerialize(using = ToStringSerializer.class) BigInteger seed,
            int width,
            int height) {}

    /** Whether nothing is missing that a job has. */
    boolean isWhole() {
        return id != null
                && state != null
                && request != null
                && pictures != null
                && warnings != null;
    }
}
