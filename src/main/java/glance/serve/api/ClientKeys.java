package glance.serve.api;

import glance.api.RequestException;
import glance.serve.http.HttpProblem;
import glance.serve.job.Words;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Supplier;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;

/** Words refusals in the keys that a client knows, where those of jobs are others. */
final class ClientKeys {
    /** Of a client that knows those of jobs. */
    static final ClientKeys SAME = new ClientKeys(Map.of());

    private final Map<String, String> names;

    /**
     * @param names of the client, by the words of jobs
     */
    ClientKeys(Map<String, String> names) {
        this.names = new TreeMap<>(names);
    }

    /**
     * @throws HttpProblem if a value makes no sense, named as the client does
     */
    <T> T in(Supplier<T> work) {
        try {
            return work.get();
        } catch (RequestException e) {
            throw names.isEmpty() ? e : refusal(Words.of(e));
        }
    }

    private HttpProblem refusal(String message) {
        for (Map.Entry<String, String> name : names.entrySet()) {
            String start = name.getKey() + ": ";
            if (message.startsWith(start)) {
                return HttpProblem.invalid(
                        name.getValue(), inKeys(message.substring(start.length())));
            }
        }
        return HttpProblem.invalid(inKeys(message));
    }

    /** Whole words alone, and none of what is quoted. */
    private String inKeys(String message) {
        String keys = String.join("|", names.keySet().stream().map(Pattern::quote).toList());
        return Pattern.compile("(?<![\\w'.])(?:" + keys + ")(?![\\w'.])")
                .matcher(message)
                .replaceAll((MatchResult key) -> names.get(key.group()));
    }
}
