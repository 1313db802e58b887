package glance.roofline;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import glance.api.DeviceInfo;
import glance.tensor.DType;
import java.util.List;

/**
 * All that was measured; the fields are those of the JSON file.
 *
 * @param engine version
 * @param ceiling null if nothing was timed
 * @param peer whose times are in the rows, or null
 * @param bars empty unless the sizes were the full ones
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record Report(
        String date,
        String command,
        String engine,
        Machine machine,
        String device,
        String description,
        DType computeType,
        int shrink,
        int rounds,
        Ceiling ceiling,
        PeerName peer,
        List<Row> rows,
        List<LoraRow> lora,
        List<Bar> bars) {
    /** Whose times are beside ours. */
    public record PeerName(String name, String device) {}

    /**
     * Puts a report together.
     *
     * @param peer or null
     */
    public static Report of(
            String date,
            String command,
            String engine,
            DeviceInfo device,
            DType computeType,
            BenchSettings settings,
            Ceiling ceiling,
            Peer peer,
            List<Row> rows) {
        List<Row> merged =
                peer == null
                        ? rows
                        : rows.stream()
                                .map(row -> row.withPeer(peer.micros().get(row.name())))
                                .toList();
        boolean judged = ceiling != null && settings.scale().isFull();
        return new Report(
                date,
                command,
                engine,
                Machine.here(),
                device.id(),
                device.description(),
                computeType,
                settings.scale().shrink(),
                settings.rounds(),
                ceiling,
                peer == null ? null : new PeerName(peer.name(), peer.device()),
                merged,
                LoraRow.of(merged),
                judged ? Bar.of(merged) : List.of());
    }

    /** For programs. */
    public String json() {
        try {
            return new ObjectMapper()
                            .enable(SerializationFeature.INDENT_OUTPUT)
                            .writeValueAsString(this)
                    + "\n";
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(e);
        }
    }
}
