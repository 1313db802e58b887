import glance.Glance;
import glance.Model;
import glance.api.Request;
import java.nio.file.Path;

public class Draw {
    public static void main(String[] args) {
        try (Glance glance = Glance.open(); // the best device; or open("cuda:1"), open("cpu")
                Model model = glance.builtIn()) { // or glance.load("ORG/NAME"), or a folder
            model.draw("three blue stars on a white background").save(Path.of("stars.png"));
            Request two = Request.of("a red circle left of a blue heart").seed(42).batch(2);
            model.draw(two, step -> System.out.println(step.done() + " of " + step.total()))
                    .forEach(picture -> picture.save(Path.of(picture.seed() + ".png")));
        }
    }
}
