package glance.serve.api;

import glance.api.AdapterSide;
import glance.api.Init;
import glance.api.Lora;
import glance.api.Request;
import glance.api.RequestException;
import glance.api.Strength;
import glance.io.Json;
import glance.picture.AdapterNames;
import glance.picture.PictureText;
import glance.picture.RecordedReference;
import glance.picture.RecordedStart;
import glance.schedule.PlanJson;
import glance.schedule.Seeds;
import glance.serve.http.Exchange;
import glance.serve.http.Gate;
import glance.serve.http.HttpProblem;
import glance.serve.http.Routes;
import glance.serve.job.InputFolder;
import glance.serve.job.JobRequest;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

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

    private final Facts facts;
    private final Gate gate;
    private final InputFolder inputs;

    public PageApi(Facts facts, Gate gate, InputFolder inputs) {
        this.facts = facts;
        this.gate = gate;
        this.inputs = inputs;
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
        byte[] bytes = exchange.body(Exchange.MAX_PICTURE_BYTES);
        exchange.answer(200, answer(TemporaryPicture.use("picture", bytes, PictureText::read)));
    }

    private Map<String, Object> answer(PictureText.Recipe recipe) throws IOException {
        Request request = recipe.requestFor(facts.guidanceOff());
        List<String> missing = new ArrayList<>();
        List<String> left = new ArrayList<>(recipe.left());
        request.maxPromptTokens()
                .filter(tokens -> !facts.defaults().maxPromptTokens().equals(Optional.of(tokens)))
                .ifPresent(tokens -> left.add("max_prompt_tokens (" + tokens + ")"));
        request.guidanceLimit()
                .filter(limit -> limit > 0)
                .ifPresent(limit -> left.add("guidance_limit (" + limit + ")"));
        request.adaptersOn()
                .filter(side -> side == AdapterSide.POSITIVE)
                .ifPresent(side -> left.add("adapters_on (positive)"));
        List<String> references = references(recipe, left);
        JobRequest asked =
                new JobRequest(
                        request.prompts().stream().findFirst().orElse(""),
                        request.negative().orElse(null),
                        request.seed().map(Seeds::number).orElse(null),
                        null,
                        request.size().map(Request.Size::toString).orElse(null),
                        request.guidance().orElse(null),
                        request.embeddedGuidance().filter(scale -> scale > 0).orElse(null),
                        request.plan().isEmpty()
                                ? null
                                : Json.MAPPER.readTree(PlanJson.write(request.plan().get())),
                        adapters(recipe, missing));
        asked = references.isEmpty() ? asked : asked.looking(references);
        asked = recipe.start().isEmpty() ? asked : starting(asked, recipe.start().get(), left);
        return Map.of("request", asked, "missing", missing, "left", left);
    }

    /** From the picture that was started from, if all of it is still here. */
    private JobRequest starting(JobRequest asked, RecordedStart start, List<String> left) {
        Optional<String> picture = inputs.named(start.picture().hash());
        Optional<String> mask =
                Optional.ofNullable(start.mask()).flatMap(white -> inputs.named(white.hash()));
        if (picture.isEmpty() || start.mask() != null && mask.isEmpty()) {
            left.add("init (" + start.picture().file() + ")");
            return asked;
        }
        Init.Margins margins = start.extension();
        return asked.starting(
                picture.get(),
                start.strength(),
                mask.orElse(null),
                margins.equals(Init.Margins.NONE)
                        ? null
                        : "%d,%d,%d,%d"
                                .formatted(
                                        margins.left(),
                                        margins.top(),
                                        margins.right(),
                                        margins.bottom()),
                start.paste() ? null : false);
    }

    /** The pictures that were looked at, by their names here; those that are gone are left. */
    private List<String> references(PictureText.Recipe recipe, List<String> left) {
        List<String> names = new ArrayList<>();
        for (RecordedReference seen : recipe.references()) {
            inputs.named(seen.hash())
                    .ifPresentOrElse(names::add, () -> left.add("reference (" + seen.file() + ")"));
        }
        return names;
    }

    /** Adapters by their names in the server's folder; null for those that the model carries. */
    private List<JobRequest.Adapter> adapters(PictureText.Recipe recipe, List<String> missing) {
        if (!recipe.isOwn() || !recipe.adapters().isEmpty() && areOwn(recipe)) {
            return null;
        }
        List<JobRequest.Adapter> adapters = new ArrayList<>();
        for (String text : recipe.adapters()) {
            Optional<JobRequest.Adapter> known =
                    facts.adapters().names().stream()
                            .flatMap(name -> adapter(text, name).stream())
                            .findFirst();
            known.ifPresentOrElse(adapters::add, () -> missing.add(text));
        }
        return adapters;
    }

    /** Whether a picture's adapters are those that the model carries for its plan. */
    private boolean areOwn(PictureText.Recipe recipe) {
        List<String> own =
                facts.ownAdapters(recipe.request().plan().orElseThrow()).stream()
                        .map(AdapterNames::text)
                        .map(PageApi::inModel)
                        .toList();
        return own.equals(recipe.adapters().stream().map(PageApi::inModel).toList());
    }

    /** What is the same of a model's own adapter wherever the model lies. */
    private static String inModel(String text) {
        return text.substring(text.replace('\\', '/').lastIndexOf("/experts/") + 1);
    }

    /** What a text says, if it names a file of this name, in whatever folder. */
    private Optional<JobRequest.Adapter> adapter(String text, String name) {
        String file = "/" + name.substring(name.lastIndexOf('/') + 1);
        String path = "/" + text.replace('\\', '/');
        int at = path.lastIndexOf(file);
        if (at < 0 || AdapterNames.isBuiltIn(text)) {
            return Optional.empty();
        }
        String options = path.substring(at + file.length());
        try {
            Lora lora = Lora.parse(facts.adapters().find(name) + options);
            return Optional.of(
                    new JobRequest.Adapter(
                            name,
                            lora.strength().equals(Strength.OF_PLAN)
                                    ? null
                                    : lora.strength().toString(),
                            lora.steps() == null ? null : lora.steps().toString()));
        } catch (RequestException e) {
            return Optional.empty();
        }
    }
}
