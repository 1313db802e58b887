package glance.lora;

import glance.tensor.Shape;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** The names of a transformer's modules and of those of the text encoders beside it. */
final class TextEncoderKeyMap implements KeyMap {
    private final KeyMap transformer;
    private final List<TextEncoderNames> encoders;

    TextEncoderKeyMap(KeyMap transformer, List<TextEncoderNames> encoders) {
        this.transformer = transformer;
        this.encoders = List.copyOf(encoders);
    }

    /** A name that would stand for modules of two encoders is none. */
    @Override
    public Map<String, List<Target>> names(Map<String, Shape> modules) {
        Map<String, List<Target>> names = new LinkedHashMap<>();
        Set<String> ambiguous = new HashSet<>();
        for (TextEncoderNames encoder : encoders) {
            encoder.all(modules)
                    .forEach(
                            (name, target) -> {
                                if (names.put(name, target) != null) {
                                    ambiguous.add(name);
                                }
                            });
        }
        names.keySet().removeAll(ambiguous);
        names.putAll(transformer.names(ofTransformer(modules)));
        return names;
    }

    @Override
    public Map<String, List<Target>> toolNames(Map<String, Shape> modules) {
        return transformer.toolNames(ofTransformer(modules));
    }

    @Override
    public Map<String, List<Target>> names(LoraLayout layout, Map<String, Shape> modules) {
        Map<String, List<Target>> names =
                new LinkedHashMap<>(transformer.names(layout, ofTransformer(modules)));
        modules.forEach(
                (module, shape) ->
                        encoders.stream()
                                .filter(encoder -> encoder.has(module))
                                .flatMap(encoder -> encoder.name(layout, module).stream())
                                .forEach(n -> names.put(n, List.of(KeyMap.whole(module, shape)))));
        return names;
    }

    @Override
    public boolean isTable(String name, Map<String, Shape> modules) {
        return transformer.isTable(name, ofTransformer(modules));
    }

    private Map<String, Shape> ofTransformer(Map<String, Shape> modules) {
        Map<String, Shape> own = new LinkedHashMap<>(modules);
        own.keySet().removeIf(module -> encoders.stream().anyMatch(e -> e.has(module)));
        return own;
    }
}
