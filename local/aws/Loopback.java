import com.amazonaws.services.dynamodbv2.local.main.ServerRunner;
import com.amazonaws.services.dynamodbv2.local.server.DynamoDBProxyServer;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;

/**
 * Starts DynamoDB Local on a free port of 127.0.0.1, says which, and ends with its standard input.
 *
 * <p>By itself it has an option for the port and none for the address, and listens on all of them.
 */
class Loopback {
    public static void main(String[] options) throws Exception {
        var program = ServerRunner.createServerFromCommandLineArgs(options);
        var field = DynamoDBProxyServer.class.getDeclaredField("server");
        field.setAccessible(true);
        var connector = (ServerConnector) ((Server) field.get(program)).getConnectors()[0];
        connector.setHost("127.0.0.1");
        connector.setPort(0);
        program.start();
        System.out.println("listening on " + connector.getLocalPort());
        while (System.in.read() >= 0) {}
        System.exit(0);
    }
}
