package glance.compare.scene;

import static org.assertj.core.api.Assertions.assertThat;

import glance.compare.scene.Scene.SceneObject;
import glance.io.Config;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;

class SceneScorerTest {
    private static final Path SCENES = Path.of("eval/scenes.jsonl");

    private static List<Scene> scenes() {
        try {
            return Files.readAllLines(SCENES).stream()
                    .map(line -> Scene.read(Config.parse(SCENES, null, line)))
                    .toList();
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    private static Scene with(Scene scene, List<SceneObject> objects) {
        return new Scene(
                scene.prompt(), scene.kind(), scene.unseenPair(), scene.background(), objects);
    }

    /** The scene with its first object changed. */
    private static Scene changed(Scene scene, UnaryOperator<SceneObject> change) {
        List<SceneObject> objects = new ArrayList<>(scene.objects());
        objects.set(0, change.apply(objects.get(0)));
        return with(scene, objects);
    }

    private static SceneScore score(Scene wanted, Scene drawn) {
        return SceneScorer.score(wanted, SceneRenderer.render(drawn));
    }

    @Test
    void rightPicturesOfAllScenes_areAllRight() {
        List<Scene> scenes = scenes();
        assertThat(scenes).hasSize(90);
        assertThat(scenes).filteredOn(Scene::unseenPair).hasSize(30);
        assertThat(scenes).allSatisfy(scene -> assertThat(score(scene, scene).all()).isTrue());
    }

    @Test
    void rightPicturesOfRandomScenes_areAllRight() {
        RandomScenes random = new RandomScenes(1);
        List<Scene> wrong = new ArrayList<>();
        for (int i = 0; i < 1000; i++) {
            Scene scene = random.next();
            if (!score(scene, scene).all()) {
                wrong.add(scene);
                System.out.println(scene + " " + score(scene, scene));
            }
        }
        assertThat(wrong).hasSizeLessThan(5);
    }
}
