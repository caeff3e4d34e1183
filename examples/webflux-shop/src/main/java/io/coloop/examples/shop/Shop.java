package io.coloop.examples.shop;

import java.time.Duration;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.boot.context.properties.EnableConfigurationProperties;

/** Starts the shop, on port 8080, with a database in memory and suppliers of its own. */
@SpringBootApplication
@EnableConfigurationProperties(ShopProperties.class)
public class Shop {
    public static void main(String[] arguments) {
        if (arguments.length > 0
                && arguments[0].equals("suppliers")) { // without the shop: suppliers port delay-in-milliseconds
            SupplierServer.serve(Integer.parseInt(arguments[1]), Duration.ofMillis(Long.parseLong(arguments[2])));
        } else {
            SpringApplication.run(Shop.class, arguments);
        }
    }
}
