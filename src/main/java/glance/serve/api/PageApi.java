package glance.serve.api;

import com.fasterxml.jackson.databind.node.ObjectNode;
import glance.api.FormatException;
import glance.api.Plan;
import glance.api.Request;
import glance.io.Json;
import glance.picture.PictureText;
import glance.schedule.PlanJson;
import glance.schedule.Seeds;
import glance.serve.http.Exchange;
import glance.serve.http.Gate;
import glance.serve.http.HttpProblem;
import glance.serve.http.Routes;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** The page for people, and what it alone needs. */
public final class PageApi {
    private static final Map<String, String> TYPES =
            Map.of(
                    "html", "text/html; charset=utf-8",
                    "css", "text/css; charset=utf-8",
                    "js", "text/javascript; charset=utf-8",
                    "svg", "image/svg+xml");
    private static final String POLICY =
            "default-src 'self'; img-src 'self' data: blob:; frame-ancestors 'none';"
                    + " base-uri 'none'; form-action 'none'";

    private static final int MAX_PICTURE_BYTES = 64 << 20;

    private final Facts facts;
    private final Gate gate;

    public PageApi(Facts facts, Gate gate) {
        this.facts = facts;
        this.gate = gate;
    }

    /** Whether an address needs no key: the page itself, which asks for it. */
    public static boolean isFree(String path) {
        return path.equals("/") || path.equals("/favicon.ico") || path.startsWith("/page/");
    }

    /** Adds its addresses. */
    public void addTo(Routes routes) {
        routes.add("GET", "/", exchange -> file(exchange, "index.html"))
                .add("GET", "/favicon.ico", exchange -> file(exchange, "icon.svg"))
                .add("GET", "/page/{file}", exchange -> file(exchange, exchange.path("file")))
                .add("POST", "/page/key", this::key)
                .add("GET", "/v1/facts", exchange -> exchange.answer(200, facts.all()))
                .add("POST", "/v1/settings", this::settings);
    }

    private static void file(Exchange exchange, String name) throws IOException {
        String type = TYPES.get(name.substring(name.lastIndexOf('.') + 1));
        boolean plain = name.matches("[a-z-]{1,40}\\.[a-z]{2,4}");
        try (InputStream in =
                type == null || !plain
                        ? null
                        : PageApi.class.getResourceAsStream("/glance/page/" + name)) {
            if (in == null) {
                throw HttpProblem.notFound("there is nothing at /page/" + name);
            }
            exchange.put("Content-Security-Policy", POLICY);
            exchange.put("X-Content-Type-Options", "nosniff");
            exchange.put("Referrer-Policy", "no-referrer");
            exchange.put("Cache-Control", "no-cache");
            exchange.answer(200, type, in.readAllBytes());
        }
    }

    /** Takes the key once, for a cookie that no script can read. */
    private void key(Exchange exchange) throws IOException {
        String key = exchange.json().path("key").asText();
        if (!gate.isKey(key)) {
            throw HttpProblem.unauthorized();
        }
        exchange.put(
                "Set-Cookie",
                Gate.COOKIE
                        + "="
                        + gate.token()
                        + "; Path=/; HttpOnly; SameSite=Strict; Max-Age=2592000");
        exchange.answer(200, Map.of());
    }

    /** The settings of a picture that is sent, as a request for a job. */
    private void settings(Exchange exchange) throws IOException {
        byte[] bytes = exchange.body(MAX_PICTURE_BYTES);
        Path file = Files.createTempFile("glance-page", ".png");
        try {
            Files.write(file, bytes);
            PictureText.Recipe recipe = PictureText.read(file);
            exchange.answer(200, json(recipe));
        } catch (FormatException e) {
            throw HttpProblem.invalid("the picture " + e.getMessage().replace(file + ": ", ""));
        } finally {
            Files.deleteIfExists(file);
        }
    }

    private ObjectNode json(PictureText.Recipe recipe) throws IOException {
        Request request = recipe.request();
        ObjectNode json = Json.MAPPER.createObjectNode();
        ObjectNode asked = json.putObject("request");
        asked.put("prompt", request.prompts().isEmpty() ? "" : request.prompts().get(0));
        request.negative().ifPresent(text -> asked.put("negative_prompt", text));
        request.seed().ifPresent(seed -> asked.put("seed", Seeds.number(seed)));
        request.size().ifPresent(size -> asked.put("size", size.toString()));
        request.guidance().ifPresent(scale -> asked.put("guidance", scale));
        request.embeddedGuidance()
                .filter(scale -> scale > 0)
                .ifPresent(scale -> asked.put("embedded_guidance", scale));
        if (request.plan().isPresent()) {
            Plan plan = request.plan().get();
            asked.set("plan", Json.MAPPER.readTree(PlanJson.write(plan)));
        }
        List<String> missing = new ArrayList<>();
        adapters(recipe, asked, missing);
        json.putPOJO("missing", missing);
        json.put("model", recipe.model());
        return json;
    }

    /** Adapters by the names of their files, as far as the server has such. */
    private void adapters(PictureText.Recipe recipe, ObjectNode asked, List<String> missing) {
        var list = asked.putArray("lora");
        for (String text : recipe.adapters()) {
            String name =
                    facts.adapters().names().stream()
                            .filter(known -> isNamed(text, known))
                            .findFirst()
                            .orElse(null);
            if (name == null) {
                missing.add(text);
                continue;
            }
            String file = name.substring(name.lastIndexOf('/') + 1);
            String options = text.substring(text.lastIndexOf(file) + file.length());
            int at = options.indexOf('@');
            String strength = at < 0 ? options : options.substring(0, at);
            ObjectNode entry = list.addObject().put("file", name);
            if (strength.startsWith(":")) {
                entry.put("scale", strength.substring(1));
            }
            if (at >= 0) {
                entry.put("steps", options.substring(at + 1));
            }
        }
        if (list.isEmpty()) {
            asked.remove("lora");
        }
    }

    private static boolean isNamed(String text, String known) {
        String file = known.substring(known.lastIndexOf('/') + 1);
        int at = text.lastIndexOf(file);
        return at >= 0
                && (at == 0 || text.charAt(at - 1) == '/' || text.charAt(at - 1) == '\\')
                && (at + file.length() == text.length()
                        || ":@".indexOf(text.charAt(at + file.length())) >= 0);
    }
}
